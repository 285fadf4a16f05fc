//! A serde deserializer over the parameter tree: the types of a request are written once, as plain structs.

use std::collections::{BTreeMap, btree_map};
use std::fmt::Display;
use std::vec;

use serde::de::value::StringDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::ParamError;
use super::form::Node;
use super::list_names::names_element;

/// Reads a tree as `T`.
pub(super) fn read<T: DeserializeOwned>(root: BTreeMap<String, Node>) -> Result<T, ParamError> {
    T::deserialize(Reader { name: String::new(), node: Node::Branch(root) })
}

struct Reader {
    /// The parameter's full name as the client wrote it; empty at the root.
    name: String,
    node: Node,
}

impl Reader {
    fn invalid(&self, problem: &str) -> ParamError {
        invalid(&self.name, problem)
    }

    fn leaf(self, wanted: &str) -> Result<(String, String), ParamError> {
        match self.node {
            Node::Leaf(value) => Ok((self.name, value)),
            Node::Branch(_) => Err(invalid(&self.name, wanted)),
        }
    }

    fn parsed<T: std::str::FromStr>(self, wanted: &str) -> Result<T, ParamError> {
        let (name, value) = self.leaf(wanted)?;
        value.parse().map_err(|_| invalid(&name, wanted))
    }
}

fn invalid(name: &str, problem: &str) -> ParamError {
    ParamError::Invalid { name: name.to_owned(), problem: problem.to_owned() }
}

fn joined(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $kind:ty;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
            visitor.$visit(self.parsed::<$kind>("must be an integer in the allowed range")?)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Reader {
    type Error = ParamError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        match self.node {
            Node::Leaf(value) => visitor.visit_string(value),
            Node::Branch(children) => visitor.visit_map(Fields::new(self.name, children)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        visitor.visit_bool(self.parsed("must be true or false")?)
    }

    numbers! {
        deserialize_i8 visit_i8 i8; deserialize_i16 visit_i16 i16; deserialize_i32 visit_i32 i32; deserialize_i64 visit_i64 i64;
        deserialize_u8 visit_u8 u8; deserialize_u16 visit_u16 u16; deserialize_u32 visit_u32 u32; deserialize_u64 visit_u64 u64;
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        let name = self.name.clone();
        let number: f64 = self.parsed("must be a number")?;
        if number.is_finite() { visitor.visit_f64(number) } else { Err(invalid(&name, "must be a number")) }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        let (name, value) = self.leaf("must be a single value")?;
        visitor.visit_string(value).map_err(|e: ParamError| located(e, &name))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        self.deserialize_string(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParamError> {
        let wanted = format!("must be one of {}", variants.join(", "));
        let (name, value) = self.leaf(&wanted)?;
        if !variants.contains(&value.as_str()) {
            return Err(invalid(&name, &wanted));
        }
        let chosen: StringDeserializer<ParamError> = value.into_deserializer();
        visitor.visit_enum(chosen)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ParamError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        visitor.visit_seq(Elements::new(self)?)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        match self.node {
            Node::Branch(children) => visitor.visit_map(Fields::new(self.name, children)),
            Node::Leaf(_) => Err(self.invalid("must be a structure")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParamError> {
        self.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        i128 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

/// The fields of a structure.
struct Fields {
    prefix: String,
    rest: btree_map::IntoIter<String, Node>,
    next: Option<(String, Node)>,
}

impl Fields {
    fn new(prefix: String, children: BTreeMap<String, Node>) -> Self {
        Self { prefix, rest: children.into_iter(), next: None }
    }
}

impl<'de> MapAccess<'de> for Fields {
    type Error = ParamError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ParamError> {
        let Some((key, node)) = self.rest.next() else {
            return Ok(None);
        };
        let name = joined(&self.prefix, &key);
        let field: StringDeserializer<ParamError> = key.into_deserializer();
        let read = seed.deserialize(field).map_err(|_| ParamError::Unknown(name.clone()))?;
        self.next = Some((name, node));
        Ok(Some(read))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ParamError> {
        let (name, node) = self.next.take().ok_or_else(|| invalid(&self.prefix, "has a value without a name"))?;
        seed.deserialize(Reader { name: name.clone(), node }).map_err(|e| located(e, &name))
    }
}

/// The elements of a list, in the order of their numbers.
struct Elements {
    prefix: String,
    rest: vec::IntoIter<(u32, Node)>,
}

impl Elements {
    /// Accepts `List.1`, `List.member.1` and `List.Own.1`; `List=` is how clients send an empty list.
    fn new(list: Reader) -> Result<Self, ParamError> {
        let Reader { name, node } = list;
        let children = match node {
            Node::Leaf(value) if value.is_empty() => BTreeMap::new(),
            Node::Leaf(_) => return Err(invalid(&name, "must be a list")),
            Node::Branch(children) => children,
        };
        let (prefix, children) = strip_element_name(name, children)?;
        let mut elements = Vec::with_capacity(children.len());
        for (key, node) in children {
            let position: Option<u32> = key.parse().ok().filter(|position| *position > 0);
            let position = position.ok_or_else(|| ParamError::Unknown(joined(&prefix, &key)))?;
            elements.push((position, node));
        }
        elements.sort_by_key(|(position, _)| *position);
        if let Some(pair) = elements.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(invalid(&joined(&prefix, &pair[0].0.to_string()), "is given more than once"));
        }
        Ok(Self { prefix, rest: elements.into_iter() })
    }
}

fn strip_element_name(
    name: String,
    mut children: BTreeMap<String, Node>,
) -> Result<(String, BTreeMap<String, Node>), ParamError> {
    let list = name.rsplit('.').next().unwrap_or_default();
    let element = children.keys().find(|key| names_element(list, key)).cloned();
    let Some(element) = element else {
        return Ok((name, children));
    };
    let inner = children.remove(&element);
    if let Some(other) = children.into_keys().next() {
        return Err(ParamError::Unknown(joined(&name, &other)));
    }
    let prefix = joined(&name, &element);
    match inner {
        Some(Node::Branch(elements)) => Ok((prefix, elements)),
        Some(Node::Leaf(_)) | None => Err(invalid(&prefix, "must be numbered")),
    }
}

impl<'de> SeqAccess<'de> for Elements {
    type Error = ParamError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ParamError> {
        let Some((position, node)) = self.rest.next() else {
            return Ok(None);
        };
        let name = joined(&self.prefix, &position.to_string());
        seed.deserialize(Reader { name: name.clone(), node }).map(Some).map_err(|e| located(e, &name))
    }
}

/// Puts the name of the parameter into an error that serde made without knowing it.
fn located(error: ParamError, at: &str) -> ParamError {
    match error {
        ParamError::Invalid { name, problem } if name.is_empty() => invalid(at, &problem),
        ParamError::Missing(name) if !name.contains('.') => ParamError::Missing(joined(at, &name)),
        other => other,
    }
}

impl de::Error for ParamError {
    fn custom<T: Display>(problem: T) -> Self {
        invalid("", &problem.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field.to_owned())
    }

    fn unknown_field(field: &str, _expected: &'static [&'static str]) -> Self {
        Self::Unknown(field.to_owned())
    }

    // The default texts of serde repeat the value.
    fn invalid_type(_unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        invalid("", &format!("must be {expected}"))
    }

    fn invalid_value(_unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        invalid("", &format!("must be {expected}"))
    }

    fn unknown_variant(_variant: &str, expected: &'static [&'static str]) -> Self {
        invalid("", &format!("must be one of {}", expected.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::super::{FormError, ParamError, Params};

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Tag {
        #[serde(rename = "Key")]
        key: String,
        #[serde(rename = "Value", default)]
        value: Option<String>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Range {
        #[serde(rename = "MinCapacity")]
        min: f64,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    struct Request {
        name: String,
        port: Option<u16>,
        protected: Option<bool>,
        #[serde(default)]
        tags: Vec<Tag>,
        #[serde(default)]
        vpc_security_group_ids: Vec<String>,
        range: Option<Range>,
    }

    fn read(form: &str) -> Result<Request, ParamError> {
        Params::parse(form).expect("the form is well formed").read()
    }

    fn invalid(name: &str, problem: &str) -> ParamError {
        ParamError::Invalid { name: name.into(), problem: problem.into() }
    }

    #[test]
    fn lists_are_read_in_each_of_the_three_spellings_and_in_numeric_order() {
        for form in [
            "Name=a&Tags.Tag.2.Key=two&Tags.Tag.10.Key=ten&Tags.Tag.1.Key=one&Tags.Tag.1.Value=1",
            "Name=a&Tags.member.2.Key=two&Tags.member.10.Key=ten&Tags.member.1.Key=one&Tags.member.1.Value=1",
            "Name=a&Tags.2.Key=two&Tags.10.Key=ten&Tags.1.Key=one&Tags.1.Value=1",
        ] {
            let keys: Vec<String> = read(form).unwrap().tags.into_iter().map(|tag| tag.key).collect();
            assert_eq!(keys, ["one", "two", "ten"], "{form}");
        }
    }

    #[test]
    fn an_empty_list_is_what_clients_send_for_no_elements() {
        assert_eq!(read("Name=a&Tags=&VpcSecurityGroupIds=").unwrap().tags, []);
    }

    #[test]
    fn every_type_is_read() {
        let request = read(
            "Name=a%26b+c&Port=5432&Protected=true&VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-1&Range.MinCapacity=0.5",
        )
        .unwrap();
        assert_eq!(request.name, "a&b c");
        assert_eq!((request.port, request.protected), (Some(5432), Some(true)));
        assert_eq!(request.vpc_security_group_ids, ["sg-1"]);
        assert_eq!(request.range, Some(Range { min: 0.5 }));
    }

    #[test]
    fn what_a_request_does_not_have_is_refused_with_its_full_name() {
        for (form, name) in [
            ("Name=a&Nmae=b", "Nmae"),
            ("Name=a&Tags.Tag.1.Key=k&Tags.Tag.1.Colour=red", "Tags.Tag.1.Colour"),
            ("Name=a&Tags.Filter.1.Key=k", "Tags.Filter"),
            ("Name=a&Tags.Tag.one.Key=k", "Tags.Tag.one"),
            ("Name=a&Tags.Tag.0.Key=k", "Tags.Tag.0"),
            ("Name=a&Tags.Tag.1.Key=k&Tags.member.1.Key=k", "Tags.member"),
        ] {
            assert_eq!(read(form), Err(ParamError::Unknown(name.into())), "{form}");
        }
    }

    #[test]
    fn what_is_missing_is_named_in_full() {
        assert_eq!(read("Port=1"), Err(ParamError::Missing("Name".into())));
        assert_eq!(read("Name=a&Tags.Tag.1.Value=v"), Err(ParamError::Missing("Tags.Tag.1.Key".into())));
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named_but_never_repeated() {
        let integer = "must be an integer in the allowed range";
        for (form, error) in [
            ("Name=a&Port=hunter2", invalid("Port", integer)),
            ("Name=a&Port=70000", invalid("Port", integer)),
            ("Name=a&Port=-1", invalid("Port", integer)),
            ("Name=a&Port=", invalid("Port", integer)),
            ("Name=a&Protected=hunter2", invalid("Protected", "must be true or false")),
            ("Name=a&Tags=hunter2", invalid("Tags", "must be a list")),
            ("Name.1=hunter2", invalid("Name", "must be a single value")),
            ("Name=a&Range=hunter2", invalid("Range", "must be a structure")),
            ("Name=a&Range.MinCapacity=NaN", invalid("Range.MinCapacity", "must be a number")),
            ("Name=a&Tags.Tag.1=hunter2", invalid("Tags.Tag.1", "must be a structure")),
            ("Name=a&Tags.Tag.1.Key=a&Tags.Tag.01.Key=b", invalid("Tags.Tag.1", "is given more than once")),
        ] {
            assert_eq!(read(form), Err(error.clone()), "{form}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn a_form_that_is_not_one_is_refused_whole() {
        let many = "a&".repeat(2_000);
        for (form, error) in [
            ("Name=%zz", FormError::Encoding),
            ("Name=%f", FormError::Encoding),
            ("Name=%ff", FormError::Encoding),
            ("Name=a&Name=b", FormError::Repeated("Name".into())),
            ("Name=a&Name.1=b", FormError::Repeated("Name.1".into())),
            ("Name.1=a&Name=b", FormError::Repeated("Name".into())),
            ("=a", FormError::Name),
            ("a..b=1", FormError::Name),
            ("a.b.c.d.e.f.g.h.i=1", FormError::Name),
            ("Name=%00", FormError::Control("Name".into())),
            (many.as_str(), FormError::TooMany),
        ] {
            assert_eq!(Params::parse(form), Err(error), "{}", &form[..form.len().min(40)]);
        }
    }

    #[test]
    fn debug_output_of_parameters_holds_no_values() {
        let params = Params::parse("MasterUserPassword=hunter2&Name=a").unwrap();
        assert_eq!(format!("{params:?}"), r#"{"MasterUserPassword", "Name"}"#);
    }
}
