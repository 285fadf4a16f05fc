//! Instances as RDS shows them.

use aurora_restore_core::ports::{Endpoint, RdsReads};

use super::*;
use crate::rds::replay::{Replay, refusal, reply};

fn shown(id: &str, cluster: &str, more: &str) -> String {
    format!(
        "<DBInstance>
           <DBInstanceIdentifier>{id}</DBInstanceIdentifier>
           <DBInstanceArn>arn:aws:rds:eu-central-1:111122223333:db:{id}</DBInstanceArn>
           <DbiResourceId>db-ABC</DbiResourceId><DBInstanceStatus>available</DBInstanceStatus>
           <DBClusterIdentifier>{cluster}</DBClusterIdentifier>{more}
         </DBInstance>"
    )
}

fn instances(list: &str) -> (u16, String) {
    reply(ACTION, &format!("<DBInstances>{list}</DBInstances>"))
}

const ALL_OF_IT: &str = "
    <Endpoint><Address>staging-1.c1.eu-central-1.rds.amazonaws.com</Address><Port>5432</Port></Endpoint>
    <DBInstanceClass>db.r6g.large</DBInstanceClass>
    <DBParameterGroups><DBParameterGroup><DBParameterGroupName>inst-pg16</DBParameterGroupName>
      <ParameterApplyStatus>in-sync</ParameterApplyStatus></DBParameterGroup></DBParameterGroups>
    <PromotionTier>1</PromotionTier><AvailabilityZone>eu-central-1a</AvailabilityZone>
    <PubliclyAccessible>false</PubliclyAccessible><MonitoringInterval>60</MonitoringInterval>
    <MonitoringRoleArn>arn:aws:iam::111122223333:role/monitoring</MonitoringRoleArn>
    <PerformanceInsightsEnabled>true</PerformanceInsightsEnabled>
    <AutoMinorVersionUpgrade>false</AutoMinorVersionUpgrade>
    <CACertificateIdentifier>rds-ca-rsa2048-g1</CACertificateIdentifier>
    <PreferredMaintenanceWindow>sun:05:00-sun:05:30</PreferredMaintenanceWindow>
    <TagList><Tag><Key>team</Key><Value>data</Value></Tag><Tag><Key>aws:x</Key><Value>y</Value></Tag></TagList>";

#[tokio::test]
async fn an_instance_is_read_with_its_settings() {
    let replay = Replay::answering([instances(&shown("Staging-1", "staging", ALL_OF_IT))]);
    let id = InstanceId::new("staging-1").unwrap();
    let instance = replay.rds().instance(&id).await.unwrap();
    assert_eq!(instance.id, id);
    assert_eq!(instance.cluster.unwrap().as_str(), "staging");
    assert_eq!(instance.status, InstanceStatus::Available);
    assert_eq!(
        instance.endpoint,
        Some(Endpoint { host: "staging-1.c1.eu-central-1.rds.amazonaws.com".into(), port: 5432 })
    );
    assert_eq!(instance.tags.len(), 2);
    let expected = InstanceSettings {
        class: Some("db.r6g.large".into()),
        parameter_group: Some("inst-pg16".into()),
        promotion_tier: Some(1),
        zone: Some("eu-central-1a".into()),
        publicly_accessible: Some(false),
        monitoring_interval_secs: Some(60),
        monitoring_role: Some(Arn::new("arn:aws:iam::111122223333:role/monitoring").unwrap()),
        performance_insights: Some(true),
        auto_minor_version_upgrade: Some(false),
        ca_certificate: Some("rds-ca-rsa2048-g1".into()),
        maintenance_window: Some("sun:05:00-sun:05:30".into()),
        tags: Some([("team".to_owned(), "data".to_owned())].into()),
    };
    assert_eq!(instance.settings, expected);
}

#[tokio::test]
async fn an_instance_that_is_being_made_has_no_endpoint() {
    let replay = Replay::answering([instances(&shown("staging-1", "staging", ""))]);
    let id = InstanceId::new("staging-1").unwrap();
    assert_eq!(replay.rds().instance(&id).await.unwrap().endpoint, None);
}

#[tokio::test]
async fn an_instance_that_is_gone_is_not_found() {
    let replay = Replay::answering([refusal(404, "DBInstanceNotFound", "DBInstance staging-1 not found.")]);
    let id = InstanceId::new("staging-1").unwrap();
    assert!(replay.rds().instance(&id).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn only_the_instances_of_the_cluster_are_listed() {
    let list = [shown("staging-1", "staging", ""), shown("prod-1", "prod", "")].concat();
    let replay = Replay::answering([instances(&list)]);
    let id = ClusterId::new("staging").unwrap();
    let listed = replay.rds().instances(Some(&id)).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        replay.only_form(),
        "Action=DescribeDBInstances&Filters.Filter.1.Name=db-cluster-id&Filters.Filter.1.Values.Value.1=staging&MaxRecords=100"
    );
}

#[tokio::test]
async fn a_cluster_that_is_gone_has_no_instances() {
    let replay = Replay::answering([refusal(404, "DBClusterNotFoundFault", "DBCluster staging not found.")]);
    let id = ClusterId::new("staging").unwrap();
    assert!(replay.rds().instances(Some(&id)).await.unwrap().is_empty());
}
