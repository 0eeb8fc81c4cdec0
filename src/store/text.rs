//! Text conditions over folded columns, the same in both databases.

use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr};

use super::table::joined;
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
            joined(any.collect(), ExprTrait::or).unwrap_or_else(|| Expr::val(false))
        }
        TextMatch::StartsWith(text) => column.like(pattern("% ", text, "%")),
        TextMatch::Contains(text) if text.is_empty() => column.ne(""),
        TextMatch::Contains(text) => column.like(pattern("%", text, "%")),
    }
}

fn pattern(before: &str, text: &str, after: &str) -> LikeExpr {
    let text = fold(text).replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    LikeExpr::new(format!("{before}{text}{after}")).escape('\\')
}
