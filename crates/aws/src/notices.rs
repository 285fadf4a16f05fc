//! Notices to an SNS topic (`Publish`): readable text for people, JSON for programs.
//!
//! | subscriber | what it gets |
//! |---|---|
//! | email, SMS | the subject and the body as text |
//! | everything else | the notice as JSON, with a `version` |
//!
//! A FIFO topic drops a repeat of the same outcome of the same operation, for as long as SNS remembers (five minutes).

use async_trait::async_trait;
use aurora_restore_core::{
    ids::Arn,
    ports::{Notice, Notifier, NotifierError},
};
use aws_sdk_sns::Client;
use serde_json::json;

use crate::{
    connection::Connection,
    endpoint::{EndpointUrl, InvalidEndpoint},
    failure::{Call, Failure},
};

/// The version of the JSON form.
const VERSION: u32 = 1;
/// The most characters that SNS takes in a subject.
const SUBJECT_CHARS_MAX: usize = 100;
/// What a subject ends with where it had to be cut.
const CUT: &str = "...";
/// The most characters of a text message.
const SMS_CHARS_MAX: usize = 1_400;

/// The [`Notifier`] port on AWS.
#[derive(Debug, Clone)]
pub struct SnsNotifier {
    client: Client,
    topic: Arn,
}

impl SnsNotifier {
    /// Publishes to a topic. Sends nothing yet.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if the environment or a profile sets one that breaks the rules.
    pub fn new(connection: &Connection, topic: Arn, endpoint: Option<&EndpointUrl>) -> Result<Self, InvalidEndpoint> {
        let mut config = aws_sdk_sns::config::Builder::from(&connection.to_service("SNS", endpoint)?);
        // A topic is reached in its own Region.
        if let Some(region) = topic.region() {
            config = config.region(crate::connection::sdk_region(&region));
        }
        Ok(Self { client: Client::from_conf(config.build()), topic })
    }
}

#[async_trait]
impl Notifier for SnsNotifier {
    async fn notify(&self, notice: &Notice) -> Result<(), NotifierError> {
        let mut publish = self
            .client
            .publish()
            .topic_arn(self.topic.as_str())
            .subject(subject(&notice.subject))
            .message_structure("json")
            .message(message(notice));
        if self.topic.as_str().ends_with(".fifo") {
            publish = publish.message_group_id(notice.operation_id.as_str()).message_deduplication_id(format!(
                "{}-{}-{}",
                notice.operation_id,
                word(notice),
                notice.times_stuck
            ));
        }
        let sent = publish.send().await;
        sent.map(|_| ()).map_err(|error| {
            let failure = Failure::of(&error, Call::about("Publish", self.topic.as_str()));
            NotifierError { channel: self.topic.to_string(), reason: format!("{}: {}", failure.code, failure.message) }
        })
    }
}

fn word(notice: &Notice) -> String {
    serde_json::to_value(notice.outcome).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// One text for each kind of subscriber.
fn message(notice: &Notice) -> String {
    let for_programs = json!({
        "version": VERSION,
        "operation_id": notice.operation_id,
        "target": notice.target,
        "outcome": notice.outcome,
        "times_stuck": notice.times_stuck,
        "subject": notice.subject,
        "body": notice.body,
    });
    let for_people = format!(
        "{}\n\n{}\n\nOperation: {}\nTarget: {}\nOutcome: {}\n",
        notice.subject,
        notice.body,
        notice.operation_id,
        notice.target,
        word(notice)
    );
    let short: String = format!("{}: {}", word(notice), notice.subject).chars().take(SMS_CHARS_MAX).collect();
    json!({ "default": for_programs.to_string(), "email": for_people, "sms": short }).to_string()
}

/// A subject as SNS takes it: ASCII on one line, not too long, and it begins with a letter, a digit or a sign.
fn subject(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| match c {
            ' '..='~' => c,
            '\u{2010}'..='\u{2015}' => '-',
            c if c.is_control() || c.is_whitespace() => ' ',
            _ => '?',
        })
        .collect();
    let plain = plain.trim();
    if plain.is_empty() {
        return "aurora-restore".to_owned();
    }
    if plain.len() <= SUBJECT_CHARS_MAX {
        return plain.to_owned();
    }
    format!("{}{CUT}", plain[..SUBJECT_CHARS_MAX - CUT.len()].trim_end())
}

#[cfg(test)]
mod tests;
