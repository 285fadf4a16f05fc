//! `GetAlias` and `UpdateAlias`.

use aurora_restore_ops::ports::{Alias, Pointing, ServiceError, ServiceResult, Shift};
use aws_sdk_lambda::{Client, types::AliasRoutingConfiguration};

use crate::stack::Asked;

pub(super) async fn get(client: &Client, function: &str, alias: &str) -> ServiceResult<Option<Alias>> {
    let asked = Asked::about("lambda:GetAlias", function);
    let answer = client.get_alias().function_name(function).name(alias).send().await;
    let answer = match answer.map_err(|error| asked.failed(&error)) {
        Ok(answer) => answer,
        Err(ServiceError::Missing { .. }) => return Ok(None),
        Err(other) => return Err(other),
    };
    let number = |text: &str| text.parse::<u64>().ok();
    let version = answer.function_version().and_then(number);
    let version = version.ok_or_else(|| asked.malformed("points to no published version"))?;
    let weights = answer.routing_config().and_then(AliasRoutingConfiguration::additional_version_weights);
    // Lambda takes one version besides.
    let other = weights.and_then(|weights| weights.iter().next());
    let shift = other.and_then(|(version, part)| Some(Shift { version: number(version)?, part: *part }));
    let revision = answer.revision_id().unwrap_or_default().to_owned();
    let description = answer.description().unwrap_or_default().to_owned();
    let pointing = Pointing { version, shift: shift.filter(|shift| shift.part > 0.0) };
    Ok(Some(Alias { pointing, description, revision }))
}

pub(super) async fn update(
    client: &Client,
    function: &str,
    alias: &str,
    to: Pointing,
    description: Option<&str>,
    revision: &str,
) -> ServiceResult<()> {
    let asked = Asked::about("lambda:UpdateAlias", function);
    let weights = to.shift.map(|shift| (shift.version.to_string(), shift.part)).into_iter().collect();
    // Without weights an empty list has to be sent: what is not spoken of stays.
    let routing = AliasRoutingConfiguration::builder().set_additional_version_weights(Some(weights)).build();
    let call = client
        .update_alias()
        .function_name(function)
        .name(alias)
        .function_version(to.version.to_string())
        .routing_config(routing)
        .set_description(description.map(str::to_owned))
        .revision_id(revision);
    call.send().await.map(|_| ()).map_err(|error| asked.failed(&error))
}
