//! The envelope of every answer, and how the shapes of the model become elements.
//!
//! Elements are tables of names and values over the model's own values, so an answer copies nothing. The names are
//! written out and not derived, because they are a contract with clients and not a matter of taste.

use std::io;

use jiff::Timestamp;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, Event};
use serde::ser::{Serialize, SerializeStruct, Serializer};

/// The services that share the port, by the namespace of their answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Rds,
    Sts,
}

impl Service {
    const fn namespace(self) -> &'static str {
        match self {
            Self::Rds => "http://rds.amazonaws.com/doc/2014-10-31/",
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
        }
    }
}

/// An answer to an action: `<XResponse><XResult>…</XResult><ResponseMetadata>…`. Some actions have no result.
pub(crate) fn answer<T: Serialize>(
    service: Service,
    action: &str,
    result: Option<&T>,
    request_id: &str,
) -> io::Result<String> {
    let metadata = Metadata(request_id);
    document(service, &format!("{action}Response"), |writer| {
        if let Some(result) = result {
            writer.write_serializable(&format!("{action}Result"), result).map_err(io::Error::other)?;
        }
        writer.write_serializable("ResponseMetadata", &metadata).map_err(io::Error::other)
    })
}

/// A refusal: `<ErrorResponse><Error>…</Error><RequestId>…`.
pub(crate) fn refusal(service: Service, error: &ErrorElement<'_>, request_id: &str) -> io::Result<String> {
    document(service, "ErrorResponse", |writer| {
        writer.write_serializable("Error", error).map_err(io::Error::other)?;
        writer.write_serializable("RequestId", &request_id).map_err(io::Error::other)
    })
}

fn document(
    service: Service,
    root: &str,
    content: impl FnOnce(&mut Writer<Vec<u8>>) -> io::Result<()>,
) -> io::Result<String> {
    let mut writer = Writer::new(Vec::new());
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.create_element(root).with_attribute(("xmlns", service.namespace())).write_inner_content(content)?;
    String::from_utf8(writer.into_inner()).map_err(io::Error::other)
}

/// Declares elements: the first name is a type that wraps a reference to what it shows, `=` an element that is always
/// there, and `?` one that is there when its value is.
macro_rules! elements {
    ($($wire:ident($model:ty) as $this:ident { $($name:literal $kind:tt $value:expr,)* })*) => {$(
        pub(in crate::api) struct $wire<'a>(pub(in crate::api) &'a $model);

        impl serde::Serialize for $wire<'_> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeStruct as _;
                let $this = self.0;
                let mut element = serializer.serialize_struct("", 0)?;
                $($crate::api::xml::elements!(@field element, $name $kind $value);)*
                element.end()
            }
        }
    )*};
    (@field $element:ident, $name:literal = $value:expr) => {
        $element.serialize_field($name, &$value)?;
    };
    (@field $element:ident, $name:literal ? $value:expr) => {
        if let Some(value) = &$value {
            $element.serialize_field($name, value)?;
        }
    };
}
pub(crate) use elements;

/// A list: one element per item, all of the same name.
pub(crate) struct List<I>(pub(crate) &'static str, pub(crate) I);

impl<I> Serialize for List<I>
where
    I: Iterator + Clone,
    I::Item: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_struct("", 0)?;
        for item in self.1.clone() {
            list.serialize_field(self.0, &item)?;
        }
        list.end()
    }
}

/// A time as RDS writes it: UTC, to the millisecond.
pub(crate) struct Moment<'a>(pub(crate) &'a Timestamp);

impl Serialize for Moment<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.3}", self.0))
    }
}

/// Something in an element of its own: `<DBCluster>…</DBCluster>`.
pub(crate) struct Nested<T>(pub(crate) &'static str, pub(crate) T);

impl<T: Serialize> Serialize for Nested<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut outer = serializer.serialize_struct("", 1)?;
        outer.serialize_field(self.0, &self.1)?;
        outer.end()
    }
}

/// What an error tells.
pub(crate) struct ErrorElement<'a> {
    pub(crate) code: &'a str,
    pub(crate) message: &'a str,
    pub(crate) fault_of: FaultOf,
}

/// Whose fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultOf {
    Sender,
    Receiver,
}

impl Serialize for ErrorElement<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut error = serializer.serialize_struct("", 3)?;
        let fault_of = match self.fault_of {
            FaultOf::Sender => "Sender",
            FaultOf::Receiver => "Receiver",
        };
        error.serialize_field("Type", fault_of)?;
        error.serialize_field("Code", self.code)?;
        error.serialize_field("Message", self.message)?;
        error.end()
    }
}

struct Metadata<'a>(&'a str);

impl Serialize for Metadata<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Nested("RequestId", self.0).serialize(serializer)
    }
}
