//! The JSON of a secret: an object of texts. Errors say where something is wrong and never what stands there.

use std::{collections::BTreeMap, fmt};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::{ports::SecretDocument, secret::Secret};

/// The most bytes of a secret, in every store: what Secrets Manager takes.
pub const SECRET_BYTES_MAX: usize = 65_536;

impl SecretDocument {
    /// Reads the JSON of a secret. Numbers, such as a port, count as texts.
    ///
    /// # Errors
    /// What is wrong with its shape, and where; never what stands there.
    pub fn from_json(text: &[u8]) -> Result<Self, String> {
        read(text)
    }

    /// The JSON of a secret, with a line's end. It holds passwords.
    pub fn to_json(&self) -> String {
        write(self)
    }
}

fn read(text: &[u8]) -> Result<SecretDocument, String> {
    if text.len() > SECRET_BYTES_MAX {
        return Err(format!("it has more than {SECRET_BYTES_MAX} bytes"));
    }
    let fields: Fields = serde_json::from_slice(text).map_err(|error| {
        // The parser's own words may quote the file.
        let what = match error.classify() {
            serde_json::error::Category::Syntax => "it is not JSON",
            serde_json::error::Category::Eof => "it is not complete",
            _ => "it is not an object of texts with each key once",
        };
        format!("{what} (line {}, column {})", error.line(), error.column())
    })?;
    Ok(SecretDocument { fields: fields.0 })
}

fn write(document: &SecretDocument) -> String {
    let fields: serde_json::Map<String, serde_json::Value> =
        document.fields.iter().map(|(key, secret)| (key.clone(), secret.expose().into())).collect();
    let mut text = serde_json::Value::Object(fields).to_string();
    text.push('\n');
    text
}

struct Fields(BTreeMap<String, Secret>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectOfTexts)
    }
}

struct ObjectOfTexts;

impl<'de> Visitor<'de> for ObjectOfTexts {
    type Value = Fields;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, serde_json::Value>()? {
            let text = match value {
                serde_json::Value::String(text) => text,
                serde_json::Value::Number(number) => number.to_string(),
                _ => return Err(A::Error::custom("not a text")),
            };
            if fields.insert(key, Secret::new(text)).is_some() {
                return Err(A::Error::custom("a key twice"));
            }
        }
        Ok(Fields(fields))
    }
}
