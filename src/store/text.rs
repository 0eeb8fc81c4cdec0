//! Text conditions over folded columns, the same in both databases.

use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr};

use crate::domain::filter::{TextMatch, fold};

/// A folded column is like `wanted`.
pub(super) fn matches(column: Expr, wanted: &TextMatch) -> Expr {
    match wanted {
        TextMatch::Equals(text) => column.eq(fold(text)),
        TextMatch::In(texts) => column.is_in(texts.iter().map(|text| fold(text))),
        TextMatch::StartsWith(text) => column.like(pattern("", text, "%")),
        TextMatch::Contains(text) => column.like(pattern("%", text, "%")),
    }
}

/// A folded column of words, each between blanks, holds a word that is like `wanted`.
pub(super) fn any_word_matches(column: Expr, wanted: &TextMatch) -> Expr {
    match wanted {
        TextMatch::Equals(text) | TextMatch::StartsWith(text) | TextMatch::Contains(text) if text.contains(' ') => {
            Expr::val(false)
        }
        TextMatch::Equals(text) => column.like(pattern("% ", text, " %")),
        TextMatch::In(texts) => {
            let any = texts
                .iter()
                .filter(|text| !text.contains(' '))
                .map(|text| column.clone().like(pattern("% ", text, " %")));
            any_of(any.collect())
        }
        TextMatch::StartsWith(text) => column.like(pattern("% ", text, "%")),
        TextMatch::Contains(text) if text.is_empty() => column.ne(""),
        TextMatch::Contains(text) => column.like(pattern("%", text, "%")),
    }
}

/// At least one holds. Halves of halves, since SQLite refuses expressions of more than 1,000 levels.
fn any_of(mut conditions: Vec<Expr>) -> Expr {
    match conditions.len() {
        0 => Expr::val(false),
        1 => conditions.remove(0),
        count => {
            let others = conditions.split_off(count / 2);
            any_of(conditions).or(any_of(others))
        }
    }
}

fn pattern(before: &str, text: &str, after: &str) -> LikeExpr {
    let text = fold(text).replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    LikeExpr::new(format!("{before}{text}{after}")).escape('\\')
}
