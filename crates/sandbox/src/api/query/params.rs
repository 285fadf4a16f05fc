//! The parameters of a request as a tree that an action empties.

use std::collections::BTreeMap;
use std::fmt;

use super::form::{Node, tree};
use super::names::{is_left_out, names_element};
use super::{FormError, ParamError, Value};

/// The parameters of one request, or of one structure in it.
///
/// Each `take` removes what it returns; [`Params::finish`] refuses what is left. Debug output shows no values, because one
/// may be a password.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Params {
    /// The name of the structure as the client wrote it; empty for the request itself.
    name: String,
    children: BTreeMap<String, Node>,
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.children.keys()).finish()
    }
}

impl Params {
    /// Reads `a=1&b.c=2`. An empty form has no parameters.
    ///
    /// # Errors
    /// See [`FormError`].
    pub(crate) fn parse(form: &str) -> Result<Self, FormError> {
        Ok(Self { name: String::new(), children: tree(form)? })
    }

    /// Takes a parameter that must be there.
    ///
    /// # Errors
    /// [`ParamError::Missing`], [`ParamError::Invalid`].
    pub(crate) fn required<T: Value>(&mut self, name: &str) -> Result<T, ParamError> {
        self.optional(name)?.ok_or_else(|| ParamError::Missing(self.full_name(name)))
    }

    /// Takes a parameter that may be absent.
    ///
    /// # Errors
    /// [`ParamError::Invalid`].
    pub(crate) fn optional<T: Value>(&mut self, name: &str) -> Result<Option<T>, ParamError> {
        let Some(node) = self.children.remove(name) else {
            return Ok(None);
        };
        leaf(node).and_then(T::from_text).map(Some).map_err(|problem| self.invalid(name, problem))
    }

    /// Takes a list of values; an absent list is an empty one.
    ///
    /// # Errors
    /// [`ParamError::Invalid`], [`ParamError::Unknown`].
    pub(crate) fn list<T: Value>(&mut self, name: &str) -> Result<Vec<T>, ParamError> {
        self.elements(name)?
            .into_iter()
            .map(|(name, node)| {
                leaf(node).and_then(T::from_text).map_err(|problem| ParamError::Invalid { name, problem })
            })
            .collect()
    }

    /// Takes a list of structures, each read and emptied by `read`.
    ///
    /// # Errors
    /// As `read` and [`Params::finish`].
    pub(crate) fn structures<T>(
        &mut self,
        name: &str,
        mut read: impl FnMut(&mut Self) -> Result<T, ParamError>,
    ) -> Result<Vec<T>, ParamError> {
        self.elements(name)?
            .into_iter()
            .map(|(name, node)| whole(Self { children: branch(node, &name)?, name }, &mut read))
            .collect()
    }

    /// Takes a structure, read and emptied by `read`.
    ///
    /// # Errors
    /// As `read` and [`Params::finish`].
    pub(crate) fn structure<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self) -> Result<T, ParamError>,
    ) -> Result<Option<T>, ParamError> {
        let Some(node) = self.children.remove(name) else {
            return Ok(None);
        };
        let name = self.full_name(name);
        whole(Self { children: branch(node, &name)?, name }, read).map(Some)
    }

    /// Drops a parameter that RDS accepts and that changes nothing here.
    pub(crate) fn ignore(&mut self, name: &str) {
        self.children.remove(name);
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    /// [`ParamError::Unknown`] or [`ParamError::NotModelled`] for the first parameter that nothing has taken.
    pub(crate) fn finish(&self) -> Result<(), ParamError> {
        match self.children.keys().next() {
            None => Ok(()),
            Some(left) if is_left_out(left) => Err(ParamError::NotModelled(self.full_name(left))),
            Some(left) => Err(ParamError::Unknown(self.full_name(left))),
        }
    }

    fn full_name(&self, name: &str) -> String {
        joined(&self.name, name)
    }

    fn invalid(&self, name: &str, problem: &'static str) -> ParamError {
        ParamError::Invalid { name: self.full_name(name), problem }
    }

    /// Takes the elements of a list with their full names, in the order of their numbers.
    ///
    /// Accepts `List.1`, `List.member.1` and `List.Own.1`; `List=` is how clients send an empty list.
    fn elements(&mut self, list: &str) -> Result<Vec<(String, Node)>, ParamError> {
        let (name, children) = match self.children.remove(list) {
            None => return Ok(Vec::new()),
            Some(Node::Leaf(value)) if value.is_empty() => return Ok(Vec::new()),
            Some(Node::Leaf(_)) => return Err(self.invalid(list, "must be a list")),
            Some(Node::Branch(children)) => without_element_name(list, self.full_name(list), children)?,
        };
        let mut elements = BTreeMap::new();
        for (key, node) in children {
            let name = joined(&name, &key);
            let position: Option<u32> = key.parse().ok().filter(|position| *position > 0);
            let position = position.ok_or_else(|| ParamError::Unknown(name.clone()))?;
            if let Some((name, _)) = elements.insert(position, (name, node)) {
                return Err(ParamError::Invalid { name, problem: "is given more than once" });
            }
        }
        Ok(elements.into_values().collect())
    }
}

fn whole<T>(mut params: Params, read: impl FnOnce(&mut Params) -> Result<T, ParamError>) -> Result<T, ParamError> {
    let read = read(&mut params)?;
    params.finish()?;
    Ok(read)
}

fn without_element_name(
    list: &str,
    name: String,
    mut children: BTreeMap<String, Node>,
) -> Result<(String, BTreeMap<String, Node>), ParamError> {
    let Some(element) = children.keys().find(|key| names_element(list, key)).cloned() else {
        return Ok((name, children));
    };
    let inner = children.remove(&element);
    if let Some(other) = children.into_keys().next() {
        return Err(ParamError::Unknown(joined(&name, &other)));
    }
    let name = joined(&name, &element);
    match inner {
        Some(Node::Branch(elements)) => Ok((name, elements)),
        Some(Node::Leaf(_)) | None => Err(ParamError::Invalid { name, problem: "must be numbered" }),
    }
}

fn leaf(node: Node) -> Result<String, &'static str> {
    match node {
        Node::Leaf(value) => Ok(value),
        Node::Branch(_) => Err("must be a single value"),
    }
}

fn branch(node: Node, name: &str) -> Result<BTreeMap<String, Node>, ParamError> {
    match node {
        Node::Branch(children) => Ok(children),
        Node::Leaf(_) => Err(ParamError::Invalid { name: name.to_owned(), problem: "must be a structure" }),
    }
}

fn joined(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Request {
        name: String,
        port: Option<u16>,
        protected: Option<bool>,
        tags: Vec<(String, Option<String>)>,
        groups: Vec<String>,
        minimum: Option<f64>,
    }

    fn read(form: &str) -> Result<Request, ParamError> {
        let params = Params::parse(form).expect("the form is well formed");
        whole(params, |params| {
            Ok(Request {
                name: params.required("Name")?,
                port: params.optional("Port")?,
                protected: params.optional("Protected")?,
                tags: params.structures("Tags", |tag| Ok((tag.required("Key")?, tag.optional("Value")?)))?,
                groups: params.list("VpcSecurityGroupIds")?,
                minimum: params.structure("Range", |range| range.required("Minimum"))?,
            })
        })
    }

    #[test]
    fn lists_are_read_in_each_of_the_three_spellings_and_in_numeric_order() {
        for form in [
            "Name=a&Tags.Tag.2.Key=two&Tags.Tag.10.Key=ten&Tags.Tag.1.Key=one&Tags.Tag.1.Value=1",
            "Name=a&Tags.member.2.Key=two&Tags.member.10.Key=ten&Tags.member.1.Key=one",
            "Name=a&Tags.2.Key=two&Tags.10.Key=ten&Tags.1.Key=one&Tags.1.Value=1",
        ] {
            let keys: Vec<String> = read(form).unwrap().tags.into_iter().map(|tag| tag.0).collect();
            assert_eq!(keys, ["one", "two", "ten"], "{form}");
        }
    }

    #[test]
    fn an_empty_list_is_what_clients_send_for_no_elements() {
        let request = read("Name=a&Tags=&VpcSecurityGroupIds=").unwrap();
        assert!(request.tags.is_empty() && request.groups.is_empty());
    }

    #[test]
    fn every_type_is_read() {
        let form = "Name=a%26b+c&Port=5432&Protected=true&Tags.Tag.1.Key=k&Tags.Tag.1.Value=\
                    &VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-1&Range.Minimum=0.5";
        let expected = Request {
            name: "a&b c".into(),
            port: Some(5432),
            protected: Some(true),
            tags: vec![("k".into(), Some(String::new()))],
            groups: vec!["sg-1".into()],
            minimum: Some(0.5),
        };
        assert_eq!(read(form), Ok(expected));
    }

    #[test]
    fn what_an_action_does_not_have_is_refused_with_its_full_name() {
        for (form, name) in [
            ("Name=a&Nmae=b", "Nmae"),
            ("Name=a&Tags.Tag.1.Key=k&Tags.Tag.1.Colour=red", "Tags.Tag.1.Colour"),
            ("Name=a&Tags.Filter.1.Key=k", "Tags.Filter"),
            ("Name=a&Tags.Tag.one.Key=k", "Tags.Tag.one"),
            ("Name=a&Tags.Tag.0.Key=k", "Tags.Tag.0"),
            ("Name=a&Tags.Tag.1.Key=k&Tags.member.1.Key=k", "Tags.member"),
            ("Name=a&Range.Minimum=1&Range.Maximum=2", "Range.Maximum"),
        ] {
            assert_eq!(read(form), Err(ParamError::Unknown(name.into())), "{form}");
        }
        assert_eq!(read("Name=a&Iops=1"), Err(ParamError::NotModelled("Iops".into())));
    }

    #[test]
    fn what_is_missing_is_named_in_full() {
        for (form, name) in [("Port=1", "Name"), ("Name=a&Tags.Tag.1.Value=v", "Tags.Tag.1.Key")] {
            assert_eq!(read(form), Err(ParamError::Missing(name.into())), "{form}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named_but_never_repeated() {
        const INTEGER: &str = "must be an integer in the allowed range";
        for (form, name, problem) in [
            ("Name=a&Port=hunter2", "Port", INTEGER),
            ("Name=a&Port=70000", "Port", INTEGER),
            ("Name=a&Port=-1", "Port", INTEGER),
            ("Name=a&Port=", "Port", INTEGER),
            ("Name=a&Protected=hunter2", "Protected", "must be true or false"),
            ("Name=a&Tags=hunter2", "Tags", "must be a list"),
            ("Name=a&Tags.Tag=hunter2", "Tags.Tag", "must be numbered"),
            ("Name.1=hunter2", "Name", "must be a single value"),
            ("Name=a&Range=hunter2", "Range", "must be a structure"),
            ("Name=a&Range.Minimum=NaN", "Range.Minimum", "must be a number"),
            ("Name=a&Tags.Tag.1=hunter2", "Tags.Tag.1", "must be a structure"),
            ("Name=a&Tags.Tag.1.Key=a&Tags.Tag.01.Key=b", "Tags.Tag.01", "is given more than once"),
        ] {
            assert_eq!(read(form), Err(ParamError::Invalid { name: name.into(), problem }), "{form}");
        }
    }

    #[test]
    fn debug_output_of_parameters_holds_no_values() {
        let params = Params::parse("MasterUserPassword=hunter2&Name=a").unwrap();
        assert_eq!(format!("{params:?}"), r#"{"MasterUserPassword", "Name"}"#);
    }
}
