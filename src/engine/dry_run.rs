//! What a request would cost and do, told without doing it.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    context::Context,
    cost::{Asked, Cost, LEAST, Step, estimate, walk},
    plan::Plan,
    request::{Outcome, Response},
    run::Run,
    selection::{Sub, What},
};

/// Surroundings in which loaders run no statement, but note it, and find nothing.
pub struct Rehearsal {
    pub context: Context,
    /// The statements that were noted since the last call.
    pub noted: Box<dyn Fn() -> Vec<String> + Send + Sync>,
}

/// Makes a rehearsal of a request.
pub type Rehearse = fn(&Context) -> Rehearsal;

/// The answer to a request that asked for a dry run; `limit` is the most that a request may cost.
///
/// Every loader is asked once for a key that nothing has, so what it would ask the database is known without asking it.
/// Who may not look at the schema is told how many statements there are, and no more. It costs as much as there are fields
/// that give objects.
pub(super) async fn dry_run(
    plan: &Plan,
    limit: u64,
    run: &Run<'_>,
    noted: &(dyn Fn() -> Vec<String> + Send + Sync),
) -> Response {
    let asked = Asked { variables: run.variables, page_size: run.page_size };
    let mut steps = Vec::new();
    let mut fields = Vec::new();
    walk(&plan.root, asked, &mut |step| {
        steps.push(shown(step));
        fields.push((step.on, step.selected));
    });
    if run.context.may_introspect {
        for (step, (on, selected)) in steps.iter_mut().zip(fields) {
            if let (What::Relation { field, .. }, false) = (&selected.what, on.object.one_by_one()) {
                // Finding nothing may be a failure; what was asked is noted all the same.
                let _ = on.object.rehearse(*field, selected, run).await;
                step["sql"] = noted().into();
            }
        }
    }
    let statements: u64 = steps.iter().filter_map(|step| step["statements"].as_u64()).sum();
    let estimated = estimate(plan, asked);
    let actual = LEAST + steps.len() as u64;
    let cost = json!({ "estimated": estimated, "limit": limit });
    let extensions = json!({ "cost": cost, "statements": statements, "plan": steps });
    let body = Bytes::from(json!({ "data": null, "extensions": extensions }).to_string());
    Response { outcome: Outcome::Complete, body, cost: Cost { estimated, actual }, refused: Vec::new() }
}

fn shown(step: &Step<'_, '_>) -> Value {
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
fn statements(step: &Step<'_, '_>, field: usize) -> Option<u64> {
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
