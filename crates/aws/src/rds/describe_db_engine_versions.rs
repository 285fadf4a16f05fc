//! `DescribeDBEngineVersions`.

use aurora_restore_core::ports::{EngineVersion, RdsResult};

use super::{
    AwsRds,
    pages::{self, PAGE_ITEMS, Page},
    reading::{readable, required},
};
use crate::failure::Call;

const ACTION: &str = "DescribeDBEngineVersions";

/// The versions of an engine that can be created in the Region. Without `IncludeAll` retired ones are not shown.
pub(super) async fn all(rds: &AwsRds, engine: &str) -> RdsResult<Vec<EngineVersion>> {
    let call = Call::about(ACTION, engine);
    let versions = pages::all(call, async |marker| {
        let answer = rds
            .client
            .describe_db_engine_versions()
            .engine(engine)
            .max_records(PAGE_ITEMS)
            .set_marker(marker)
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        Ok(Page { items: answer.db_engine_versions, marker: answer.marker })
    })
    .await?;
    Ok(readable(&versions, ACTION, |version| {
        Ok(EngineVersion {
            version: required(version.engine_version(), "EngineVersion")?.to_owned(),
            parameter_group_family: required(version.db_parameter_group_family(), "DBParameterGroupFamily")?.to_owned(),
        })
    }))
}

#[cfg(test)]
mod tests {
    use aurora_restore_core::ports::RdsReads;

    use super::*;
    use crate::rds::replay::{Replay, reply};

    fn page(version: &str, marker: &str) -> (u16, String) {
        reply(
            ACTION,
            &format!(
                "<DBEngineVersions><DBEngineVersion><Engine>aurora-postgresql</Engine>
                 <DBParameterGroupFamily>aurora-postgresql16</DBParameterGroupFamily>
                 <EngineVersion>{version}</EngineVersion><Status>available</Status></DBEngineVersion>
                 </DBEngineVersions>{marker}"
            ),
        )
    }

    #[tokio::test]
    async fn versions_of_all_pages_are_listed() {
        let replay = Replay::answering([page("16.3", "<Marker>page two</Marker>"), page("16.4", "")]);
        let versions = replay.rds().engine_versions("aurora-postgresql").await.unwrap();
        let versions: Vec<_> = versions.iter().map(|v| v.version.as_str()).collect();
        assert_eq!(versions, ["16.3", "16.4"]);
        let forms = replay.forms();
        assert_eq!(forms[0], "Action=DescribeDBEngineVersions&Engine=aurora-postgresql&MaxRecords=100");
        assert!(forms[1].contains("Marker=page two"), "{}", forms[1]);
    }
}
