//! A document with the order of its keys kept, written as JSON or as YAML in block style.
//!
//! Small on purpose: it knows what templates and state machines need (texts, numbers, lists, maps, CloudFormation's short
//! functions) and nothing else, and two runs write the same bytes.

use std::fmt::Write as _;

use serde_json::Value;

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// A text; of several lines it is written as a block in YAML.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A yes or no.
    Bool(bool),
    /// A number that the template substitutes: the placeholder there, the number in a document that stands alone.
    Bound {
        /// The name between `${` and `}`.
        name: &'static str,
        /// What stands there without a template.
        otherwise: i64,
    },
    /// A list.
    List(Vec<Node>),
    /// A map, in this order.
    Map(Vec<(String, Node)>),
    /// A function of CloudFormation, such as `Sub`, with its argument. YAML only.
    Call(&'static str, Box<Node>),
}

/// Whether numbers that a template substitutes are written as placeholders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bounds {
    /// As numbers: the document stands alone.
    Numbers,
    /// As `${name}`: the document is the text of a `Sub`.
    Placeholders,
}

impl Node {
    /// The entries of a map; none of anything else.
    pub(crate) fn entries(&self) -> &[(String, Node)] {
        match self {
            Self::Map(entries) => entries,
            Self::Text(_) | Self::Number(_) | Self::Bool(_) | Self::Bound { .. } | Self::List(_) | Self::Call(..) => {
                &[]
            }
        }
    }

    /// The members of a list; none of anything else.
    pub(crate) fn members(&self) -> &[Node] {
        match self {
            Self::List(members) => members,
            Self::Text(_) | Self::Number(_) | Self::Bool(_) | Self::Bound { .. } | Self::Map(_) | Self::Call(..) => &[],
        }
    }

    /// The same map with more entries at its end.
    #[must_use]
    pub(crate) fn with(self, more: Node) -> Self {
        let mut entries = self.into_entries();
        entries.extend(more.into_entries());
        Self::Map(entries)
    }

    fn into_entries(self) -> Vec<(String, Self)> {
        match self {
            Self::Map(entries) => entries,
            Self::Text(_) | Self::Number(_) | Self::Bool(_) | Self::Bound { .. } | Self::List(_) | Self::Call(..) => {
                Vec::new()
            }
        }
    }

    /// As JSON, indented by two.
    pub(crate) fn to_json(&self, bounds: Bounds) -> String {
        let mut out = String::new();
        self.write_json(&mut out, bounds, 0);
        out.push('\n');
        out
    }

    fn write_json(&self, out: &mut String, bounds: Bounds, depth: usize) {
        match self {
            Self::Text(text) => out.push_str(&quoted(text)),
            Self::Number(number) => push(out, format_args!("{number}")),
            Self::Bool(value) => push(out, format_args!("{value}")),
            Self::Bound { name, otherwise } => match bounds {
                Bounds::Numbers => push(out, format_args!("{otherwise}")),
                Bounds::Placeholders => push(out, format_args!("${{{name}}}")),
            },
            Self::List(members) if members.is_empty() => out.push_str("[]"),
            Self::Map(entries) if entries.is_empty() => out.push_str("{}"),
            Self::List(members) => enclose(out, depth, ('[', ']'), members, |out, member| {
                member.write_json(out, bounds, depth + 1);
            }),
            Self::Map(entries) => enclose(out, depth, ('{', '}'), entries, |out, (key, value)| {
                push(out, format_args!("{}: ", quoted(key)));
                value.write_json(out, bounds, depth + 1);
            }),
            Self::Call(name, _) => unreachable!("{name} has no place in JSON"),
        }
    }

    /// As the entries of a YAML document, indented by that many blanks.
    pub(crate) fn to_yaml(&self, indent: usize) -> String {
        let mut out = String::new();
        self.write_block(&mut out, indent);
        out
    }

    /// Writes what stands on lines of its own: the entries of a map, the members of a list.
    fn write_block(&self, out: &mut String, indent: usize) {
        let margin = " ".repeat(indent);
        for (key, value) in self.entries() {
            push(out, format_args!("{margin}{}:", scalar(key)));
            value.write_value(out, indent);
        }
        for member in self.members() {
            push(out, format_args!("{margin}-"));
            if member.entries().is_empty() {
                member.write_value(out, indent);
            } else {
                // The first entry stands behind the hyphen.
                let block = member.to_yaml(indent + 2);
                push(out, format_args!(" {}", block.trim_start()));
            }
        }
    }

    /// Writes what follows a key or a hyphen, with the end of the line.
    fn write_value(&self, out: &mut String, indent: usize) {
        match self {
            Self::Text(text) if text.contains('\n') => write_lines(out, text, indent + 2),
            Self::Text(text) => push(out, format_args!(" {}\n", scalar(text))),
            Self::Number(number) => push(out, format_args!(" {number}\n")),
            Self::Bool(value) => push(out, format_args!(" {value}\n")),
            Self::Bound { otherwise, .. } => push(out, format_args!(" {otherwise}\n")),
            Self::List(members) if members.is_empty() => out.push_str(" []\n"),
            Self::Map(entries) if entries.is_empty() => out.push_str(" {}\n"),
            Self::List(_) | Self::Map(_) => {
                out.push('\n');
                self.write_block(out, indent + 2);
            }
            Self::Call(name, argument) => {
                push(out, format_args!(" !{name}"));
                argument.write_value(out, indent);
            }
        }
    }
}

/// Looks into what was made.
impl Node {
    /// The value under a key of a map.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The same as JSON in memory; a function of CloudFormation is a map as in a template of JSON, and so no text.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_str()),
            Self::Number(number) | Self::Bound { otherwise: number, .. } => Value::from(*number),
            Self::Bool(value) => Value::from(*value),
            Self::List(members) => members.iter().map(Self::to_value).collect(),
            Self::Map(entries) => entries.iter().map(|(key, value)| (key.clone(), value.to_value())).collect(),
            Self::Call(name, argument) => {
                Value::Object([(format!("Fn::{name}"), argument.to_value())].into_iter().collect())
            }
        }
    }

    /// The text, if it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::Bool(_) | Self::Bound { .. } | Self::List(_) | Self::Map(_) | Self::Call(..) => {
                None
            }
        }
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes everything");
}

fn enclose<T>(
    out: &mut String,
    depth: usize,
    (open, close): (char, char),
    items: &[T],
    write: impl Fn(&mut String, &T),
) {
    out.push(open);
    for (index, item) in items.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        push(out, format_args!("{comma}\n{}", "  ".repeat(depth + 1)));
        write(out, item);
    }
    push(out, format_args!("\n{}{close}", "  ".repeat(depth)));
}

fn write_lines(out: &mut String, text: &str, indent: usize) {
    let keep = if text.ends_with('\n') { "" } else { "-" };
    push(out, format_args!(" |{keep}\n"));
    for line in text.lines() {
        let margin = if line.is_empty() { String::new() } else { " ".repeat(indent) };
        push(out, format_args!("{margin}{line}\n"));
    }
}

/// A text as YAML takes it on one line: bare where it cannot be mistaken for anything else.
fn scalar(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "_-./ ,()+=;'".contains(c);
    let bare = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && !text.ends_with(' ')
        && text.split(':').all(|part| !part.starts_with(' '))
        && !text.ends_with(':')
        && text.chars().all(|c| safe(c) || c == ':')
        && !["yes", "no", "true", "false", "null", "on", "off", "y", "n"].contains(&text.to_lowercase().as_str());
    if bare { text.to_owned() } else { quoted(text) }
}

/// A text in double quotes, which JSON and YAML escape alike.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => push(&mut out, format_args!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Node {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Node {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl<T: Into<Node>> From<Vec<T>> for Node {
    fn from(members: Vec<T>) -> Self {
        Self::List(members.into_iter().map(Into::into).collect())
    }
}

/// A map, in this order.
macro_rules! map {
    ($($key:expr => $value:expr),* $(,)?) => {
        $crate::stack::node::Node::Map(vec![$(($key.to_string(), $crate::stack::node::Node::from($value))),*])
    };
}

/// A list.
macro_rules! list {
    ($($value:expr),* $(,)?) => {
        $crate::stack::node::Node::List(vec![$($crate::stack::node::Node::from($value)),*])
    };
}

pub(crate) use {list, map};

/// The value of a parameter, or what a resource is called.
pub(crate) fn reference(name: &str) -> Node {
    Node::Call("Ref", Box::new(name.into()))
}

/// An attribute of a resource.
pub(crate) fn attribute(resource: &str, name: &str) -> Node {
    Node::Call("GetAtt", Box::new(format!("{resource}.{name}").into()))
}

/// A text with placeholders.
pub(crate) fn sub(text: impl Into<String>) -> Node {
    Node::Call("Sub", Box::new(Node::Text(text.into())))
}

/// One of two things, by a condition of the template.
pub(crate) fn when(condition: &str, then: impl Into<Node>, otherwise: impl Into<Node>) -> Node {
    Node::Call("If", Box::new(Node::List(vec![condition.into(), then.into(), otherwise.into()])))
}

/// The thing where a condition of the template holds, else no such thing at all.
pub(crate) fn only_when(condition: &str, then: impl Into<Node>) -> Node {
    when(condition, then, reference("AWS::NoValue"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_keeps_the_order_and_quotes_what_could_be_misread() {
        let node = map! {
            "B" => "plain text",
            "A" => list!["no", "0 5", "*", map! { "Type" => "AWS::SNS::Topic", "On" => true }],
            "Text" => "one\ntwo\n",
            "Empty" => list![],
            "Name" => sub("${NamePrefix}-batch"),
            "If" => when("InVpc", reference("A"), 5),
        };
        let expected = "B: plain text\nA:\n  - \"no\"\n  - \"0 5\"\n  - \"*\"\n  - Type: AWS::SNS::Topic\n    \"On\": true\n\
                        Text: |\n  one\n  two\nEmpty: []\nName: !Sub \"${NamePrefix}-batch\"\nIf: !If\n  - InVpc\n  \
                        - !Ref A\n  - 5\n";
        assert_eq!(node.to_yaml(0), expected);
    }

    #[test]
    fn a_bound_is_a_number_alone_and_a_placeholder_in_a_template() {
        let node = map! { "TimeoutSeconds" => Node::Bound { name: "Timeout", otherwise: 60 }, "Next" => "a \"b\"" };
        assert_eq!(node.to_json(Bounds::Numbers), "{\n  \"TimeoutSeconds\": 60,\n  \"Next\": \"a \\\"b\\\"\"\n}\n");
        assert!(node.to_json(Bounds::Placeholders).contains("\"TimeoutSeconds\": ${Timeout},"));
    }
}
