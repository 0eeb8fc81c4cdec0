//! What processes have used so far, as the kernel tells it.

use std::fs;

/// CPU milliseconds of one process, in the kernel's steps of ten; 0 if it is gone.
pub fn cpu_ms(pid: &str) -> f64 {
    ticks(pid).map_or(0.0, |(own, _)| own * 10.0)
}

/// CPU milliseconds of PostgreSQL: the first process, those that it has started, and those that have ended.
pub fn family_cpu_ms(pid: &str) -> f64 {
    let Some((own, ended)) = ticks(pid) else { return 0.0 };
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let running: f64 = children.split_whitespace().filter_map(ticks).map(|(own, _)| own).sum();
    (own + ended + running) * 10.0
}

/// Memory in kB that stands in the process's status under this name, such as `VmRSS:` or `VmHWM:`.
pub fn memory_kb(pid: &str, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0.0)
}

/// The process's own ticks, and those of children that have ended.
fn ticks(pid: &str) -> Option<(f64, f64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in brackets and may hold blanks.
    let fields: Vec<f64> =
        stat.rsplit_once(')')?.1.split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect();
    Some((fields.get(11)? + fields.get(12)?, fields.get(13)? + fields.get(14)?))
}
