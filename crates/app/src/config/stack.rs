//! What a deployed stack says about where things are, laid over the configuration as if it stood in it.

use std::collections::BTreeMap;

use super::{
    Origin, Problem,
    layers::Values,
    schema,
    value::{self, Value},
};

/// A deployed stack, as far as the configuration has to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployedStack {
    /// Its name.
    pub name: String,
    /// Its Region: it restores into this one only.
    pub region: String,
    /// What it gives.
    pub outputs: BTreeMap<String, String>,
}

/// The keys that an output of the stack sets.
const OF_OUTPUTS: [(&str, &str); 3] = [
    ("journal.state-table", "StateTableName"),
    ("journal.audit-table", "AuditTableName"),
    ("notify.topic", "TopicArn"),
];

/// The keys that are the same with every stack.
const OF_EVERY_STACK: [(&str, &str); 3] =
    [("journal.store", "tables"), ("secrets.store", "secrets-manager"), ("notify.channel", "sns")];

/// Lays it over what is there.
pub(super) fn lay(stack: &DeployedStack, values: &mut Values, problems: &mut Vec<Problem>) {
    for (path, text) in OF_EVERY_STACK {
        set(values, path, text, Origin::Stack { name: stack.name.clone(), output: None });
    }
    for (path, output) in OF_OUTPUTS {
        let origin = Origin::Stack { name: stack.name.clone(), output: Some(output.to_owned()) };
        match stack.outputs.get(output) {
            Some(text) => set(values, path, text, origin),
            None => problems.push(Problem {
                message: format!("there is no such output, which `{path}` comes from"),
                origin: Some(origin),
                hint: Some("Is it a stack of aurora-restore? Otherwise deploy it anew with `stack deploy`.".to_owned()),
            }),
        }
    }
    if values.get("target.region").is_none() {
        let origin = Origin::Stack { name: stack.name.clone(), output: None };
        set(values, "target.region", &stack.region, origin);
    }
}

/// Refuses another Region than the stack's. Asked once everything lies over one another.
pub(super) fn require_region(stack: &DeployedStack, values: &Values, problems: &mut Vec<Problem>) {
    if let Some((Value::Text(region), origin)) = values.get("target.region")
        && *region != stack.region
    {
        problems.push(Problem {
            message: format!(
                "`target.region`: {region} is not where stack {} is; it restores into {} only",
                stack.name, stack.region
            ),
            origin: Some(origin.clone()),
            hint: Some("Name the stack of that Region, or leave the key out.".to_owned()),
        });
    }
}

fn set(values: &mut Values, path: &'static str, text: &str, origin: Origin) {
    let key = schema::find(path).expect("the keys above are those of the schema; a test looks");
    if let Ok(value) = value::from_text(key.shape, text) {
        values.set(key.path, value, origin);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_a_stack_sets_is_one_of_the_schema_and_takes_the_value() {
        for (path, text) in OF_EVERY_STACK.into_iter().chain(OF_OUTPUTS) {
            let key = schema::find(path).unwrap();
            assert!(value::from_text(key.shape, text).is_ok(), "{path}");
        }
        assert!(schema::find("target.region").is_some());
    }
}
