//! What a template says once an account has filled it in: the functions of CloudFormation that policies use, over a given set
//! of parameters. One that is not known here is an error: nothing is guessed.

use std::collections::BTreeMap;

use super::super::{
    node::{Node, map},
    parameters::{Check, GROUPS},
    place::Place,
};

/// What the names of a template stand for.
pub(super) struct Values {
    named: BTreeMap<String, Node>,
    conditions: Node,
}

impl Values {
    /// The pipeline's template with these parameters; the others have their defaults.
    pub(super) fn of_pipeline(parameters: &[(&str, &str)]) -> Self {
        let mut named = account("444455556666", "eu-central-1");
        for parameter in GROUPS.iter().flat_map(|group| group.parameters) {
            let given = parameters.iter().find(|(name, _)| *name == parameter.name).map(|(_, value)| *value);
            let Some(value) = given.or(parameter.default) else { continue };
            let value = match parameter.check {
                Check::Each(_) => list(value),
                Check::Form(_) | Check::OneOf(_) | Check::Between(..) => value.into(),
            };
            named.insert(parameter.name.to_owned(), value);
        }
        let arn =
            |service: &str, thing: &str| Node::from(format!("arn:aws:{service}:eu-central-1:444455556666:{thing}"));
        for (name, value) in [
            ("StateTable.Arn", arn("dynamodb", "table/AuroraRestoreStateTable")),
            ("AuditTable.Arn", arn("dynamodb", "table/AuroraRestoreAuditTable")),
            ("Key.Arn", arn("kms", "key/of-the-stack")),
            ("Topic", arn("sns", "notices")),
            ("StateMachine", arn("states", "stateMachine:aurora-restore")),
        ] {
            named.insert(name.to_owned(), value);
        }
        for place in Place::all() {
            named.insert(
                format!("{}Logs", place.logical()),
                format!("/aws/lambda/aurora-restore-{}", place.name()).into(),
            );
        }
        Self { named, conditions: super::super::parameters::conditions() }
    }

    /// The template of the source account.
    pub(super) fn of_source(parameters: &[(&str, &str)], conditions: Node) -> Self {
        let mut named = account("111122223333", "eu-west-1");
        for (name, value) in parameters {
            let value = if name.ends_with("Arns") { list(value) } else { (*value).into() };
            named.insert((*name).to_owned(), value);
        }
        named.insert("Key.Arn".to_owned(), "arn:aws:kms:eu-west-1:111122223333:key/of-copies".into());
        Self { named, conditions }
    }

    /// The part of a document as it comes out; none where it is left out.
    pub(super) fn resolve(&self, node: &Node) -> Result<Option<Node>, String> {
        Ok(Some(match node {
            Node::Text(_) | Node::Number(_) | Node::Bool(_) => node.clone(),
            Node::Bound { name, .. } => return Err(format!("a policy has the bound {name}")),
            Node::List(members) => {
                let members: Result<Vec<_>, _> = members.iter().map(|one| self.resolve(one)).collect();
                Node::List(members?.into_iter().flatten().collect())
            }
            Node::Map(entries) => {
                let mut kept = Vec::new();
                for (key, value) in entries {
                    kept.extend(self.resolve(value)?.map(|value| (key.clone(), value)));
                }
                Node::Map(kept)
            }
            Node::Call(function, argument) => return self.call(function, argument),
        }))
    }

    fn call(&self, function: &str, argument: &Node) -> Result<Option<Node>, String> {
        match (function, argument) {
            ("Ref", Node::Text(name)) if name == "AWS::NoValue" => Ok(None),
            ("Ref" | "GetAtt", Node::Text(name)) => self.named(name).cloned().map(Some),
            ("Sub", Node::Text(text)) => self.substitute(text).map(|text| Some(text.into())),
            ("If", Node::List(parts)) => match &parts[..] {
                [Node::Text(condition), then, otherwise] => {
                    self.resolve(if self.holds_by_name(condition)? { then } else { otherwise })
                }
                other => Err(format!("an If of {other:?}")),
            },
            ("Join", Node::List(parts)) => match &parts[..] {
                [Node::Text(between), list] => {
                    let list = self.resolve(list)?.ok_or("a Join of nothing")?;
                    let texts: Option<Vec<&str>> = list.members().iter().map(Node::as_text).collect();
                    Ok(Some(texts.ok_or("a Join of what is no text")?.join(between).into()))
                }
                other => Err(format!("a Join of {other:?}")),
            },
            (other, argument) => Err(format!("nobody has said what {other} of {argument:?} is")),
        }
    }

    fn named(&self, name: &str) -> Result<&Node, String> {
        self.named.get(name).ok_or_else(|| format!("nobody has said what {name} is"))
    }

    fn substitute(&self, text: &str) -> Result<String, String> {
        let mut parts = text.split("${");
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').ok_or_else(|| format!("a placeholder without end in {text}"))?;
            out.push_str(self.named(name)?.as_text().ok_or_else(|| format!("{name} is no text"))?);
            out.push_str(rest);
        }
        Ok(out)
    }

    fn holds_by_name(&self, name: &str) -> Result<bool, String> {
        self.holds(self.conditions.get(name).ok_or_else(|| format!("there is no condition {name}"))?)
    }

    fn holds(&self, condition: &Node) -> Result<bool, String> {
        match condition {
            Node::Call("Equals", sides) => match sides.members() {
                [one, other] => Ok(self.resolve(one)? == self.resolve(other)?),
                other => Err(format!("an Equals of {other:?}")),
            },
            Node::Call("Not", parts) => match parts.members() {
                [one] => Ok(!self.holds(one)?),
                other => Err(format!("a Not of {other:?}")),
            },
            Node::Call("And", parts) => {
                let all: Result<Vec<bool>, String> = parts.members().iter().map(|one| self.holds(one)).collect();
                Ok(!all?.contains(&false))
            }
            Node::Call("Or", parts) => {
                let all: Result<Vec<bool>, String> = parts.members().iter().map(|one| self.holds(one)).collect();
                Ok(all?.contains(&true))
            }
            Node::Map(_) => match condition.entries() {
                [(key, Node::Text(name))] if key == "Condition" => self.holds_by_name(name),
                other => Err(format!("a condition of {other:?}")),
            },
            other => Err(format!("nobody has said when {other:?} holds")),
        }
    }
}

fn account(account: &str, region: &str) -> BTreeMap<String, Node> {
    let pseudo = map! {
        "AWS::Partition" => "aws",
        "AWS::URLSuffix" => "amazonaws.com",
        "AWS::Region" => region,
        "AWS::AccountId" => account,
    };
    pseudo.entries().iter().cloned().collect()
}

/// A list of texts; CloudFormation makes one empty text of an empty one.
fn list(value: &str) -> Node {
    Node::from(value.split(',').collect::<Vec<_>>())
}

#[test]
fn what_is_not_known_is_an_error() {
    let values = Values::of_pipeline(&[]);
    let call = |function, argument: Node| values.resolve(&Node::Call(function, Box::new(argument)));
    assert_eq!(call("Ref", "Environment".into()), Ok(Some("prod".into())));
    assert_eq!(call("Sub", "${NamePrefix}-${AWS::Region}".into()), Ok(Some("aurora-restore-eu-central-1".into())));
    for (function, argument) in [
        ("Ref", "Nobody"),
        ("GetAtt", "Topic.Arn"),
        ("Sub", "${Nobody}"),
        ("ImportValue", "Topic"),
        ("Ref", "TargetClusters"),
    ] {
        assert!(call(function, argument.into()).is_err(), "{function} {argument}");
    }
    assert!(call("If", Node::from(vec!["NoSuchCondition", "a", "b"])).is_err());
}

#[test]
fn a_condition_decides_what_is_there() {
    let node = super::super::node::only_when("MayPassRolesBack", "there");
    let role = ("PassRoleArns", "arn:aws:iam::444455556666:role/a");
    assert_eq!(Values::of_pipeline(&[role]).resolve(&node), Ok(None));
    assert_eq!(Values::of_pipeline(&[("AllowReplace", "yes")]).resolve(&node), Ok(None));
    assert_eq!(Values::of_pipeline(&[role, ("AllowReplace", "yes")]).resolve(&node), Ok(Some("there".into())));
}
