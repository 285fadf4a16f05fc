//! From the model's replies to the results of RDS.

mod catalogue;
mod cluster;
mod group;
mod instance;
mod snapshot;

use std::io;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use self::catalogue::{EventElement, Orderable, Quota, Version};
use self::cluster::Cluster;
use self::group::{ClusterParameterGroup, InstanceParameterGroup, SubnetGroupElement};
use self::instance::Instance;
use self::snapshot::{Attributes, Snapshot};
use super::xml::{self, List, Nested, Service};
use crate::model::call::Action;
use crate::model::reply::{Page, Reply};
use crate::model::resources::Tag;

/// The whole answer to an action.
pub(super) fn answer(action: Action, reply: &Reply, request_id: &str) -> io::Result<String> {
    let result = (!matches!(reply, Reply::Done)).then_some(Body(reply));
    xml::answer(Service::Rds, action.as_str(), result.as_ref(), request_id)
}

struct Body<'a>(&'a Reply);

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Reply::Cluster(cluster) => Nested("DBCluster", Cluster(cluster)).serialize(s),
            Reply::Clusters(page) => listed(s, page, ("DBClusters", "DBCluster"), |c| Cluster(c)),
            Reply::Snapshot(one) => Nested("DBClusterSnapshot", Snapshot(one)).serialize(s),
            Reply::Snapshots(page) => listed(s, page, SNAPSHOTS, |s| Snapshot(s)),
            Reply::SnapshotAttributes(attributes) => {
                Nested("DBClusterSnapshotAttributesResult", Attributes(attributes)).serialize(s)
            }
            Reply::Instance(instance) => Nested("DBInstance", Instance(instance)).serialize(s),
            Reply::Instances(page) => listed(s, page, ("DBInstances", "DBInstance"), |i| Instance(i)),
            Reply::ClusterParameterGroup(group) => {
                Nested("DBClusterParameterGroup", ClusterParameterGroup(group)).serialize(s)
            }
            Reply::ClusterParameterGroups(page) => {
                listed(s, page, CLUSTER_PARAMETER_GROUPS, |group| ClusterParameterGroup(group))
            }
            Reply::ParameterGroup(group) => Nested("DBParameterGroup", InstanceParameterGroup(group)).serialize(s),
            Reply::ParameterGroups(page) => listed(s, page, PARAMETER_GROUPS, |group| InstanceParameterGroup(group)),
            Reply::SubnetGroup(group) => Nested("DBSubnetGroup", SubnetGroupElement(group)).serialize(s),
            Reply::SubnetGroups(page) => listed(s, page, SUBNET_GROUPS, |group| SubnetGroupElement(group)),
            Reply::OrderableOptions(page) => listed(s, page, ORDERABLE_OPTIONS, Orderable),
            Reply::EngineVersions(page) => listed(s, page, ENGINE_VERSIONS, Version),
            Reply::Events(page) => listed(s, page, ("Events", "Event"), EventElement),
            Reply::AccountQuotas(quotas) => {
                Nested("AccountQuotas", List("AccountQuota", quotas.iter().map(Quota))).serialize(s)
            }
            Reply::Tags(tags) => Nested("TagList", tag_list(tags)).serialize(s),
            Reply::Done => s.serialize_struct("", 0)?.end(),
        }
    }
}

/// The names of a list and of its elements.
type Names = (&'static str, &'static str);

const SNAPSHOTS: Names = ("DBClusterSnapshots", "DBClusterSnapshot");
const CLUSTER_PARAMETER_GROUPS: Names = ("DBClusterParameterGroups", "DBClusterParameterGroup");
const PARAMETER_GROUPS: Names = ("DBParameterGroups", "DBParameterGroup");
const SUBNET_GROUPS: Names = ("DBSubnetGroups", "DBSubnetGroup");
const ORDERABLE_OPTIONS: Names = ("OrderableDBInstanceOptions", "OrderableDBInstanceOption");
const ENGINE_VERSIONS: Names = ("DBEngineVersions", "DBEngineVersion");

/// A page: its items, and where the next one starts.
fn listed<'a, S: Serializer, T, W: Serialize>(
    serializer: S,
    page: &'a Page<T>,
    (list, element): Names,
    wire: impl Fn(&'a T) -> W + Clone,
) -> Result<S::Ok, S::Error> {
    let mut result = serializer.serialize_struct("", 2)?;
    if let Some(marker) = &page.marker {
        result.serialize_field("Marker", marker)?;
    }
    result.serialize_field(list, &List(element, page.items.iter().map(wire)))?;
    result.end()
}

fn tag_list(tags: &[Tag]) -> List<impl Iterator<Item = TagElement<'_>> + Clone> {
    List("Tag", tags.iter().map(TagElement))
}

/// Texts in a list, each in an element of this name.
fn texts<'a>(element: &'static str, texts: &'a [String]) -> List<std::slice::Iter<'a, String>> {
    List(element, texts.iter())
}

xml::elements! {
    TagElement(Tag) as tag {
        "Key" = tag.key,
        "Value" = tag.value,
    }
}
