//! Every statement of every generated policy, for whoever wants to look at how they are written.

use super::{deployer, node::Node, source_account, template};

/// A statement of a policy.
pub(crate) struct Statement {
    /// Where it stands: the resource, and its own name if it has one.
    pub(crate) place: String,
    /// What kind of resource it belongs to, as CloudFormation calls it; nothing for the deployer's.
    pub(crate) of: String,
    /// The statement.
    pub(crate) node: Node,
}

/// All of them.
pub(crate) fn statements() -> Vec<Statement> {
    let mut found = Vec::new();
    for (name, resource) in template::resources().into_iter().flat_map(|(_, resources)| resources) {
        collect(&name, kind(&resource), &resource, &mut found);
    }
    for (name, resource) in source_account::resources().entries() {
        collect(&format!("source account, {name}"), kind(resource), resource, &mut found);
    }
    collect("deployer", "", &deployer::document(), &mut found);
    found
}

fn kind(resource: &Node) -> &str {
    resource.get("Type").and_then(Node::as_text).unwrap_or_default()
}

fn collect(place: &str, of: &str, node: &Node, found: &mut Vec<Statement>) {
    if node.get("Effect").is_some() {
        let sid = node.get("Sid").and_then(Node::as_text);
        let place = sid.map_or_else(|| place.to_owned(), |sid| format!("{place}, {sid}"));
        found.push(Statement { place, of: of.to_owned(), node: node.clone() });
        return;
    }
    match node {
        Node::Map(entries) => entries.iter().for_each(|(_, value)| collect(place, of, value, found)),
        Node::List(members) => members.iter().for_each(|member| collect(place, of, member, found)),
        Node::Call(_, argument) => collect(place, of, argument, found),
        Node::Text(_) | Node::Number(_) | Node::Bool(_) | Node::Bound { .. } => {}
    }
}
