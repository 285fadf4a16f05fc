//! `CreateChangeSet`.

use aurora_restore_ops::ports::{ChangeSetKind, NewChangeSet, ParameterValue, ServiceResult, TemplateSource};
use aws_sdk_cloudformation::{
    Client,
    types::{Capability, ChangeSetType, Parameter, Tag},
};

use crate::stack::service::Asked;

/// Asks for it. The roles of the stack have names, which has to be agreed to.
pub(super) async fn send(client: &Client, new: &NewChangeSet) -> ServiceResult<()> {
    let asked = Asked::about("cloudformation:CreateChangeSet", &new.stack);
    let parameters = new.parameters.iter().map(|(name, value)| {
        let parameter = Parameter::builder().parameter_key(name);
        match value {
            ParameterValue::Given(value) => parameter.parameter_value(value).build(),
            ParameterValue::Previous => parameter.use_previous_value(true).build(),
        }
    });
    let tags: Vec<Tag> = new.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    let call = client
        .create_change_set()
        .stack_name(&new.stack)
        .change_set_name(&new.name)
        .change_set_type(match new.kind {
            ChangeSetKind::Create => ChangeSetType::Create,
            ChangeSetKind::Update => ChangeSetType::Update,
        })
        .capabilities(Capability::CapabilityNamedIam)
        .set_parameters(Some(parameters.collect()))
        // An empty list would take off the tags that the stack bears.
        .set_tags((!tags.is_empty()).then_some(tags));
    let call = match &new.template {
        TemplateSource::Text(text) => call.template_body(text),
        TemplateSource::Url(url) => call.template_url(url),
        TemplateSource::Previous => call.use_previous_template(true),
    };
    call.send().await.map_err(|error| asked.failed(&error))?;
    Ok(())
}
