//! `DescribeOrderableDBInstanceOptions`.

use std::collections::{BTreeMap, BTreeSet};

use aurora_restore_core::ports::{OrderableClass, RdsResult};
use aws_sdk_rds::types::OrderableDbInstanceOption;

use super::{
    AwsRds,
    pages::{self, PAGE_ITEMS, Page},
    reading::text,
};
use crate::failure::Call;

/// The instance classes that can be ordered for a version, each once, with the zones that have it.
pub(super) async fn all(rds: &AwsRds, engine: &str, version: &str) -> RdsResult<Vec<OrderableClass>> {
    let call = Call::about("DescribeOrderableDBInstanceOptions", engine);
    let options = pages::all(call, async |marker| {
        let answer = rds
            .client
            .describe_orderable_db_instance_options()
            .engine(engine)
            .engine_version(version)
            .max_records(PAGE_ITEMS)
            .set_marker(marker)
            .send()
            .await
            .map_err(|error| call.failed(&error))?;
        Ok(Page { items: answer.orderable_db_instance_options, marker: answer.marker })
    })
    .await?;
    Ok(classes(&options))
}

/// RDS lists a class once for each storage type and licence.
fn classes(options: &[OrderableDbInstanceOption]) -> Vec<OrderableClass> {
    let mut zones_of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for option in options {
        let Some(class) = text(option.db_instance_class()) else {
            continue;
        };
        let zones = option.availability_zones().iter();
        zones_of.entry(class).or_default().extend(zones.filter_map(|zone| text(zone.name())));
    }
    zones_of.into_iter().map(|(class, zones)| OrderableClass { class, zones: zones.into_iter().collect() }).collect()
}

#[cfg(test)]
mod tests {
    use aurora_restore_core::ports::RdsReads;

    use crate::rds::replay::{Replay, reply};

    #[tokio::test]
    async fn a_class_is_listed_once_with_all_its_zones() {
        let option = |class: &str, zone: &str| {
            format!(
                "<OrderableDBInstanceOption><DBInstanceClass>{class}</DBInstanceClass>
                 <AvailabilityZones><AvailabilityZone><Name>{zone}</Name></AvailabilityZone></AvailabilityZones>
                 </OrderableDBInstanceOption>"
            )
        };
        let options = [
            option("db.serverless", "eu-central-1a"),
            option("db.r6g.large", "eu-central-1b"),
            option("db.r6g.large", "eu-central-1a"),
        ]
        .concat();
        let replay = Replay::answering([reply(
            "DescribeOrderableDBInstanceOptions",
            &format!("<OrderableDBInstanceOptions>{options}</OrderableDBInstanceOptions>"),
        )]);
        let classes = replay.rds().orderable_classes("aurora-postgresql", "16.4").await.unwrap();
        assert_eq!(classes.len(), 2);
        assert_eq!(classes[0].class, "db.r6g.large");
        assert_eq!(classes[0].zones, ["eu-central-1a", "eu-central-1b"]);
        assert!(replay.only_form().contains("EngineVersion=16.4"));
    }
}
