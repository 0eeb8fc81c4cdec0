//! What a request would cost and do, told without doing it.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    argument::Variables,
    cost::{Asked, Cost, Step, estimate, walk},
    limits::Limits,
    plan::Plan,
    request::{Outcome, Response},
    selection::{Sub, What},
};

/// The answer to a request that asked for a dry run.
pub(super) fn dry_run(plan: &Plan, variables: &Variables, limits: &Limits) -> Response {
    let asked = Asked { variables, page_size: limits.page_size };
    let mut steps = Vec::new();
    walk(&plan.root, asked, &mut |step| steps.push(shown(step)));
    let statements: u64 = steps.iter().filter_map(|step| step["statements"].as_u64()).sum();
    let cost = json!({ "estimated": estimate(plan, asked), "limit": limits.cost });
    let extensions = json!({ "cost": cost, "statements": statements, "plan": steps });
    let body = Bytes::from(json!({ "data": null, "extensions": extensions }).to_string());
    Response { outcome: Outcome::Complete, body, cost: Cost { estimated: estimate(plan, asked), actual: 0 } }
}

fn shown(step: &Step<'_>) -> Value {
    let (What::Relation { field, .. } | What::Live(field, _)) = &step.selected.what else { return Value::Null };
    let object = &step.on.object;
    json!({
        "path": step.path.text(),
        "field": format!("{}.{}", object.name(), object.field_name(*field)),
        "parents": step.parents,
        "each": step.each,
        "objects": step.objects,
        "statements": statements(step, *field),
    })
}

/// How many SQL statements load the field for all its parents: none is run where there are no parents. Nothing for an act,
/// which takes as many as it needs.
fn statements(step: &Step<'_>, field: usize) -> Option<u64> {
    let object = &step.on.object;
    if object.one_by_one() {
        return None;
    }
    let usual = match &step.selected.what {
        What::Relation { sub: Sub::One(_) | Sub::Many(_), .. } => 1,
        What::Relation { sub: Sub::Page(page), .. } => u64::from(page.wants_items()) + u64::from(page.wants_total()),
        // One for each type that is found.
        What::Relation { sub: Sub::Refs { selections, .. }, .. } => selections.len() as u64,
        _ => 0,
    };
    Some(object.statements(field).unwrap_or(usual))
}
