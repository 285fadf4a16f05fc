//! Policies, and whether they allow a call: some statement does and none denies it.

use super::{
    super::node::Node,
    condition::{Condition, Keys},
    pattern::{fits, fits_arn, texts},
    resolve::Values,
};

/// What a service asks before it does something for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) action: String,
    /// The ARN of the thing, or `*` where the action knows nothing narrower.
    pub(super) on: String,
    pub(super) keys: Keys,
}

/// Whether a statement allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Allow,
    Deny,
}

/// One statement, filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) sid: String,
    effect: Effect,
    pub(super) actions: Vec<String>,
    pub(super) resources: Vec<String>,
    conditions: Vec<Condition>,
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Policy(pub(super) Vec<Statement>);

impl Policy {
    /// Reads a policy document of a template. A field that is not known is an error.
    pub(super) fn read(document: &Node, values: &Values) -> Result<Self, String> {
        let document = values.resolve(document)?.ok_or("there is no document")?;
        let statements = document.get("Statement").ok_or("a document without statements")?.members();
        statements.iter().map(Statement::read).collect::<Result<_, _>>().map(Self)
    }

    /// The statements that grant something.
    pub(super) fn grants(&self) -> impl Iterator<Item = &Statement> {
        self.0.iter().filter(|statement| statement.effect == Effect::Allow)
    }

    /// Whether the call is allowed.
    pub(super) fn allows(&self, call: &Call) -> bool {
        let applies = |effect| self.0.iter().any(|one: &Statement| one.effect == effect && one.covers(call));
        applies(Effect::Allow) && !applies(Effect::Deny)
    }
}

impl Statement {
    fn read(node: &Node) -> Result<Self, String> {
        let mut read =
            Self { sid: String::new(), effect: Effect::Deny, actions: vec![], resources: vec![], conditions: vec![] };
        let mut effect = None;
        for (field, value) in node.entries() {
            match field.as_str() {
                "Sid" => read.sid = texts(value)?.concat(),
                "Effect" => effect = value.as_text(),
                "Action" => read.actions = texts(value)?,
                "Resource" => read.resources = texts(value)?,
                "Condition" => read.conditions = Condition::read(value)?,
                other => return Err(format!("nobody has said what {other} of a statement is")),
            }
        }
        read.effect = match effect {
            Some("Allow") => Effect::Allow,
            Some("Deny") => Effect::Deny,
            other => return Err(format!("the effect {other:?}")),
        };
        if read.actions.is_empty() || read.resources.is_empty() {
            return Err(format!("a statement without actions or resources: {node:?}"));
        }
        Ok(read)
    }

    /// The keys that its conditions rest on.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.conditions.iter().map(Condition::key)
    }

    /// Whether it speaks of this action, on whatever.
    pub(super) fn knows(&self, action: &str) -> bool {
        self.actions.iter().any(|known| fits(known, action))
    }

    /// Whether it speaks of this call.
    pub(super) fn covers(&self, call: &Call) -> bool {
        self.knows(&call.action)
            && self.resources.iter().any(|resource| fits_arn(resource, &call.on))
            && self.conditions.iter().all(|condition| condition.holds(&call.keys))
    }
}

/// The conditions of who may assume a role.
pub(super) fn trusts(document: &Node, values: &Values, keys: &Keys) -> Result<bool, String> {
    let document = values.resolve(document)?.ok_or("there is no document")?;
    let [statement] = document.get("Statement").map(Node::members).unwrap_or_default() else {
        return Err("a trust of several statements".to_owned());
    };
    let conditions = Condition::read(statement.get("Condition").ok_or("a trust without condition")?)?;
    Ok(conditions.iter().all(|condition| condition.holds(keys)))
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::node::{list, map},
        *,
    };

    fn read(statements: Node) -> Result<Policy, String> {
        Policy::read(&map! { "Version" => "2012-10-17", "Statement" => statements }, &Values::of_pipeline(&[]))
    }

    #[test]
    fn a_denial_has_the_last_word() {
        let statement = |effect: &str, on: &str| map! { "Effect" => effect, "Action" => "a:Do*", "Resource" => on };
        let policy = read(list![statement("Allow", "arn:aws:a:b:c:*"), statement("Deny", "arn:aws:a:b:c:secret")]);
        let allows = |action: &str, on: &str| {
            let call = Call { action: action.to_owned(), on: on.to_owned(), keys: Keys::new() };
            policy.as_ref().unwrap().allows(&call)
        };
        assert!(allows("a:DoIt", "arn:aws:a:b:c:thing"));
        assert!(!allows("a:DoIt", "arn:aws:a:b:c:secret"));
        assert!(!allows("a:Undo", "arn:aws:a:b:c:thing"));
        assert!(!allows("a:DoIt", "arn:aws:a:b:d:thing"));
    }

    #[test]
    fn an_unknown_field_is_an_error() {
        assert!(read(list![map! { "Effect" => "Allow", "NotAction" => "a:Do", "Resource" => "*" }]).is_err());
        assert!(read(list![map! { "Effect" => "Allow", "Action" => "a:Do", "NotResource" => "*" }]).is_err());
        assert!(read(list![map! { "Effect" => "Allow", "Action" => "a:Do" }]).is_err());
        assert!(read(list![map! { "Effect" => "Perhaps", "Action" => "a:Do", "Resource" => "*" }]).is_err());
    }
}
