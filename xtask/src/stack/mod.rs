//! The stack on AWS, as data: state machines, templates, and what is derived from them. `cargo xtask generate` writes them.

mod alarms;
mod batch;
mod cost;
mod deployer;
mod functions;
mod grants;
mod machines;
mod network;
pub(crate) mod node;
mod parameters;
mod permissions;
mod permissions_page;
mod pipeline;
mod place;
mod rotation;
mod schedule;
mod source_account;
mod statements;
mod tables;
mod template;
mod views;

#[cfg(test)]
mod batch_played;
#[cfg(test)]
mod graph;
#[cfg(test)]
mod on_moto;
#[cfg(test)]
mod proof;
#[cfg(test)]
mod validators;

pub(crate) use alarms::resources as alarms;
use node::{Bounds, Node, list, map, reference};
pub(crate) use statements::{Statement, statements};

/// The tags of everything.
fn tags() -> Node {
    let tag = |key: &str, value: Node| map! { "Key" => key, "Value" => value };
    list![tag("Application", "AuroraRestore".into()), tag("Environment", reference("Environment"))]
}

/// A machine for readers and validators: what only an account knows is a placeholder still, everything else is filled in.
fn alone(machine: &Node) -> String {
    machine.to_json(Bounds::Numbers).replace("${AWS::Partition}", "aws")
}

/// Every generated page of the reference about the stack.
pub(crate) fn pages() -> Vec<(String, String)> {
    vec![
        ("docs/reference/permissions.md".to_owned(), permissions_page::page()),
        ("docs/reference/cost.md".to_owned(), cost::page()),
    ]
}

/// The calls that were recorded while whole operations were played.
fn recorded() -> serde_json::Value {
    serde_json::from_str(include_str!("../../../cloudformation/recorded-calls.json")).expect("a test writes it")
}

/// Every generated file of the stack with its content.
pub(crate) fn files() -> Vec<(String, String)> {
    vec![
        ("cloudformation/state-machine.asl.json".to_owned(), alone(&pipeline::machine())),
        ("cloudformation/batch.asl.json".to_owned(), alone(&batch::machine())),
        ("cloudformation/aurora-restore-pipeline.yaml".to_owned(), template::text()),
        ("cloudformation/source-account.yaml".to_owned(), source_account::text()),
        ("cloudformation/deployer-policy.json".to_owned(), deployer::policy()),
    ]
}
