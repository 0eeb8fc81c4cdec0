//! How far something has come: a bar on a terminal, a few plain lines elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::output::tell;

/// Told on standard error.
pub(super) struct Progress {
    what: &'static str,
    bar: ProgressBar,
    total: usize,
    /// Quarters told in plain lines.
    quarters: usize,
}

/// Shorter work is not worth a plain line.
const WORTH_TELLING: usize = 100;

impl Progress {
    /// Of work in so many steps.
    pub fn new(what: &'static str, total: usize) -> Self {
        let bar = ProgressBar::new(total as u64);
        // A bar whose target is no terminal draws nothing.
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len}, {eta} left") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { what, bar, total, quarters: 0 }
    }

    /// So many steps are done.
    pub fn at(&mut self, done: usize) {
        self.bar.set_position(done as u64);
        let quarters = 4 * done / self.total.max(1);
        if self.bar.is_hidden() && quarters > self.quarters && self.total >= WORTH_TELLING {
            tell(format_args!("{}: {done} of {}", self.what, self.total));
        }
        self.quarters = self.quarters.max(quarters);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
