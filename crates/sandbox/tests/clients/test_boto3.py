"""boto3 against the sandbox: waiters, typed errors, pagination, roles."""

import datetime
import unittest

from botocore.exceptions import ClientError, ConnectionClosedError

from support import (
    OTHER_REGION,
    QUICK,
    REGION,
    SOURCE,
    TARGET,
    client,
    control,
    create_cluster,
    remove_cluster,
)


class Waiters(unittest.TestCase):
    """The life of a restored cluster, with boto3's own waiters."""

    def test_a_snapshot_becomes_a_cluster_in_another_account_and_region(self):
        source, target = client(), client(account=TARGET, region=OTHER_REGION)
        create_cluster(source, "waited", Tags=[{"Key": "team", "Value": "data & <more>"}])
        cluster = source.describe_db_clusters(DBClusterIdentifier="waited")["DBClusters"][0]
        self.assertEqual(cluster["TagList"], [{"Key": "team", "Value": "data & <more>"}])
        self.assertIsInstance(cluster["ClusterCreateTime"], datetime.datetime)
        self.assertEqual(cluster["DBClusterMembers"], [])

        source.create_db_cluster_snapshot(DBClusterIdentifier="waited", DBClusterSnapshotIdentifier="waited-1")
        source.get_waiter("db_cluster_snapshot_available").wait(
            DBClusterSnapshotIdentifier="waited-1", WaiterConfig=QUICK
        )
        shared = source.modify_db_cluster_snapshot_attribute(
            DBClusterSnapshotIdentifier="waited-1", AttributeName="restore", ValuesToAdd=[TARGET]
        )["DBClusterSnapshotAttributesResult"]
        self.assertEqual(shared["DBClusterSnapshotAttributes"][0]["AttributeValues"], [TARGET])

        arn = f"arn:aws:rds:{REGION}:{SOURCE}:cluster-snapshot:waited-1"
        copy = target.copy_db_cluster_snapshot(
            SourceDBClusterSnapshotIdentifier=arn,
            TargetDBClusterSnapshotIdentifier="copy-1",
            SourceRegion=REGION,
            Tags=[{"Key": "aurora-restore:operation-id", "Value": "1"}],
        )["DBClusterSnapshot"]
        self.assertIsInstance(copy["PercentProgress"], int)
        target.get_waiter("db_cluster_snapshot_available").wait(
            DBClusterSnapshotIdentifier="copy-1", WaiterConfig=QUICK
        )
        target.restore_db_cluster_from_snapshot(
            DBClusterIdentifier="staged",
            SnapshotIdentifier="copy-1",
            Engine="aurora-postgresql",
            EngineVersion="15.6",
            VpcSecurityGroupIds=[],
        )
        target.get_waiter("db_cluster_available").wait(DBClusterIdentifier="staged", WaiterConfig=QUICK)
        target.create_db_instance(
            DBInstanceIdentifier="staged-1",
            DBInstanceClass="db.r6g.large",
            Engine="aurora-postgresql",
            DBClusterIdentifier="staged",
        )
        target.get_waiter("db_instance_available").wait(DBInstanceIdentifier="staged-1", WaiterConfig=QUICK)
        members = target.describe_db_clusters(DBClusterIdentifier="staged")["DBClusters"][0]["DBClusterMembers"]
        self.assertEqual([(m["DBInstanceIdentifier"], m["IsClusterWriter"]) for m in members], [("staged-1", True)])

        with self.assertRaises(target.exceptions.InvalidDBClusterStateFault):
            target.delete_db_cluster(DBClusterIdentifier="staged", SkipFinalSnapshot=True)
        target.delete_db_instance(DBInstanceIdentifier="staged-1", SkipFinalSnapshot=True)
        target.get_waiter("db_instance_deleted").wait(DBInstanceIdentifier="staged-1", WaiterConfig=QUICK)
        remove_cluster(target, "staged")
        target.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="copy-1")
        target.get_waiter("db_cluster_snapshot_deleted").wait(
            DBClusterSnapshotIdentifier="copy-1", WaiterConfig=QUICK
        )
        remove_cluster(source, "waited")


class Errors(unittest.TestCase):
    """Errors arrive as the exceptions that botocore has for them."""

    def test_each_error_has_its_own_exception(self):
        rds = client()
        create_cluster(rds, "erring", DeletionProtection=True)
        with self.assertRaises(rds.exceptions.DBClusterNotFoundFault):
            rds.describe_db_clusters(DBClusterIdentifier="nobody")
        with self.assertRaises(rds.exceptions.DBInstanceNotFoundFault):
            rds.describe_db_instances(DBInstanceIdentifier="nobody")
        with self.assertRaises(rds.exceptions.DBClusterSnapshotNotFoundFault):
            rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="nobody")
        with self.assertRaises(rds.exceptions.DBClusterAlreadyExistsFault):
            create_cluster(rds, "erring")
        with self.assertRaises(rds.exceptions.DBSubnetGroupNotFoundFault):
            create_cluster(rds, "erring-2", DBSubnetGroupName="nobody")
        with self.assertRaises(rds.exceptions.KMSKeyNotAccessibleFault):
            create_cluster(rds, "erring-3", StorageEncrypted=True, KmsKeyId="alias/nobody")
        self.refused(
            "InvalidParameterCombination",
            rds.delete_db_cluster,
            DBClusterIdentifier="erring",
            SkipFinalSnapshot=True,
        )
        self.refused("InvalidParameterValue", rds.describe_db_clusters, MaxRecords=3)
        self.refused("InvalidAction", rds.describe_reserved_db_instances)
        rds.modify_db_cluster(DBClusterIdentifier="erring", DeletionProtection=False, ApplyImmediately=True)
        rds.get_waiter("db_cluster_available").wait(DBClusterIdentifier="erring", WaiterConfig=QUICK)
        remove_cluster(rds, "erring")

    def test_a_lost_reply_is_a_closed_connection_and_the_effect_is_there(self):
        rds = client()
        control("POST", "faults", {"fault": "reply-lost", "action": "CreateDBParameterGroup"})
        group = {
            "DBParameterGroupName": "lost",
            "DBParameterGroupFamily": "aurora-postgresql15",
            "Description": "d",
        }
        with self.assertRaises(ConnectionClosedError):
            rds.create_db_parameter_group(**group)
        with self.assertRaises(rds.exceptions.DBParameterGroupAlreadyExistsFault):
            rds.create_db_parameter_group(**group)

    def test_throttling_is_what_botocore_takes_for_throttling(self):
        rds = client()
        control("POST", "faults", {"fault": "throttling", "action": "DescribeEvents"})
        self.refused("Throttling", rds.describe_events)
        self.assertIn("Events", rds.describe_events())

    def refused(self, code, call, **parameters):
        """Checks the code of an error for which botocore has no class."""
        with self.assertRaises(ClientError) as refused:
            call(**parameters)
        self.assertEqual(refused.exception.response["Error"]["Code"], code)


class Pages(unittest.TestCase):
    """Paginators and filters."""

    def test_a_paginator_sees_everything_once(self):
        rds = client(region="eu-central-1")
        names = [f"page-{number:02}" for number in range(45)]
        for name in names:
            rds.create_db_cluster_parameter_group(
                DBClusterParameterGroupName=name, DBParameterGroupFamily="aurora-postgresql15", Description="d"
            )
        pages = rds.get_paginator("describe_db_cluster_parameter_groups").paginate(
            PaginationConfig={"PageSize": 20}
        )
        found = [
            group["DBClusterParameterGroupName"]
            for page in pages
            for group in page["DBClusterParameterGroups"]
            if group["DBClusterParameterGroupName"].startswith("page-")
        ]
        self.assertEqual(sorted(found), names)

    def test_filters_narrow(self):
        rds = client(region="eu-central-1")
        create_cluster(rds, "sieved")
        create_cluster(rds, "sieved-not")
        found = rds.describe_db_clusters(Filters=[{"Name": "db-cluster-id", "Values": ["sieved"]}])["DBClusters"]
        self.assertEqual([cluster["DBClusterIdentifier"] for cluster in found], ["sieved"])
        remove_cluster(rds, "sieved")
        remove_cluster(rds, "sieved-not")


class Roles(unittest.TestCase):
    """A role of the source account, assumed by the target."""

    def test_a_session_acts_for_the_account_of_its_role(self):
        sts = client("sts", account=TARGET)
        self.assertEqual(sts.get_caller_identity()["Account"], TARGET)
        role = f"arn:aws:iam::{SOURCE}:role/aurora-restore-source"
        session = sts.assume_role(RoleArn=role, RoleSessionName="nightly", DurationSeconds=900)["Credentials"]
        self.assertGreater(session["Expiration"], datetime.datetime.now(datetime.timezone.utc))
        credentials = {
            "aws_access_key_id": session["AccessKeyId"],
            "aws_secret_access_key": session["SecretAccessKey"],
            "aws_session_token": session["SessionToken"],
        }
        identity = client("sts", **credentials).get_caller_identity()
        self.assertEqual(identity["Account"], SOURCE)
        self.assertEqual(
            identity["Arn"], f"arn:aws:sts::{SOURCE}:assumed-role/aurora-restore-source/nightly"
        )
        client().create_db_parameter_group(
            DBParameterGroupName="of-source", DBParameterGroupFamily="aurora-postgresql15", Description="d"
        )
        groups = client(**credentials).describe_db_parameter_groups(DBParameterGroupName="of-source")
        self.assertEqual(len(groups["DBParameterGroups"]), 1)


if __name__ == "__main__":
    unittest.main()
