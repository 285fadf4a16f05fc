"""`aws rds …` for each action. The command runs inside this process, which spares its start for every call."""

import contextlib
import functools
import io
import json
import os
import unittest

from awscli.clidriver import create_clidriver

from support import REGION, SOURCE, URL

CLUSTER_ARN = f"arn:aws:rds:{REGION}:{SOURCE}:cluster:cli"
KEYS = {
    "AWS_ACCESS_KEY_ID": SOURCE,
    "AWS_SECRET_ACCESS_KEY": "unused",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_PAGER": "",
}


@functools.cache
def driver():
    """The command; it reads what it knows of AWS once."""
    return create_clidriver()


def aws(*words):
    """Runs `aws …` and returns its exit code, its output as JSON, and its complaint."""
    out, complaint = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(complaint):
        code = driver().main([*words, "--endpoint-url", URL, "--output", "json"])
    text = out.getvalue()
    return code, json.loads(text) if text.strip() else None, complaint.getvalue()


class Commands(unittest.TestCase):
    """Every action of the sandbox, in an order that makes sense."""

    @classmethod
    def setUpClass(cls):
        os.environ.update(KEYS)

    def rds(self, *words):
        """Runs a command that must succeed."""
        code, output, complaint = aws("rds", *words)
        self.assertEqual(code, 0, f"aws rds {' '.join(words)}: {complaint}")
        return output

    def wait_until_restorable(self, name):
        """Describes until the cluster can be backed up."""
        for _ in range(2_000):
            shown = self.rds("describe-db-clusters", "--db-cluster-identifier", name)["DBClusters"][0]
            if "LatestRestorableTime" in shown:
                return
        self.fail(f"{name} never became restorable")

    def wait_for(self, wanted, key, *words):
        """Describes until the status is as wanted; the waiters of the command poll every 30 seconds."""
        for _ in range(2_000):
            status = self.rds(*words)[key][0]
            if wanted in (status.get("Status"), status.get("DBInstanceStatus")):
                return
        self.fail(f"aws rds {' '.join(words)}: never {wanted}")

    def wait_until_gone(self, *words):
        """Describes until there is nothing to describe."""
        for _ in range(2_000):
            code, _, complaint = aws("rds", *words)
            if code != 0:
                self.assertIn("NotFound", complaint)
                return
        self.fail(f"aws rds {' '.join(words)}: still there")

    def cluster(self, status, name="cli"):
        """Waits for a cluster."""
        self.wait_for(status, "DBClusters", "describe-db-clusters", "--db-cluster-identifier", name)

    def instance(self, status, name="cli-1"):
        """Waits for an instance."""
        self.wait_for(status, "DBInstances", "describe-db-instances", "--db-instance-identifier", name)

    def snapshot(self, status, name):
        """Waits for a snapshot."""
        self.wait_for(
            status,
            "DBClusterSnapshots",
            "describe-db-cluster-snapshots",
            "--db-cluster-snapshot-identifier",
            name,
        )

    def test_every_action(self):
        self.groups()
        self.make_cluster()
        self.tags_and_roles()
        self.snapshots()
        self.restores()
        self.catalogue()
        self.changes()
        self.stop_and_start()
        self.end()

    def groups(self):
        family = ("--db-parameter-group-family", "aurora-postgresql15", "--description", "d")
        self.rds("create-db-cluster-parameter-group", "--db-cluster-parameter-group-name", "cli", *family)
        self.rds("create-db-parameter-group", "--db-parameter-group-name", "cli", *family)
        found = self.rds("describe-db-cluster-parameter-groups", "--db-cluster-parameter-group-name", "cli")
        self.assertEqual(found["DBClusterParameterGroups"][0]["DBParameterGroupFamily"], "aurora-postgresql15")
        found = self.rds("describe-db-parameter-groups", "--db-parameter-group-name", "cli")
        self.assertEqual(found["DBParameterGroups"][0]["DBParameterGroupName"], "cli")
        default = self.rds("describe-db-subnet-groups", "--db-subnet-group-name", "default")
        subnets = [subnet["SubnetIdentifier"] for subnet in default["DBSubnetGroups"][0]["Subnets"]]
        made = self.rds(
            "create-db-subnet-group",
            "--db-subnet-group-name",
            "cli",
            "--db-subnet-group-description",
            "d",
            "--subnet-ids",
            *subnets,
        )
        self.assertEqual(len(made["DBSubnetGroup"]["Subnets"]), len(subnets))

    def make_cluster(self):
        self.rds(
            "create-db-cluster",
            *("--db-cluster-identifier", "cli", "--engine", "aurora-postgresql", "--engine-version", "15.6"),
            *("--master-username", "administrator", "--master-user-password", "correct-horse-battery"),
            *("--db-cluster-parameter-group-name", "cli", "--db-subnet-group-name", "cli"),
            *("--backup-retention-period", "7", "--copy-tags-to-snapshot", "--tags", "Key=team,Value=data"),
            *("--enable-cloudwatch-logs-exports", "postgresql"),
            *("--serverless-v2-scaling-configuration", "MinCapacity=0.5,MaxCapacity=2"),
        )
        self.wait_until_restorable("cli")
        self.rds(
            "create-db-instance",
            *("--db-instance-identifier", "cli-1", "--db-instance-class", "db.r6g.large"),
            *("--engine", "aurora-postgresql", "--db-cluster-identifier", "cli"),
            *("--db-parameter-group-name", "cli", "--promotion-tier", "1"),
        )
        self.instance("available")

    def tags_and_roles(self):
        self.rds("add-tags-to-resource", "--resource-name", CLUSTER_ARN, "--tags", "Key=more,Value=x y")
        self.rds("remove-tags-from-resource", "--resource-name", CLUSTER_ARN, "--tag-keys", "team")
        tags = self.rds("list-tags-for-resource", "--resource-name", CLUSTER_ARN)["TagList"]
        self.assertEqual(tags, [{"Key": "more", "Value": "x y"}])
        role = ("--db-cluster-identifier", "cli", "--role-arn", f"arn:aws:iam::{SOURCE}:role/s3")
        self.rds("add-role-to-db-cluster", *role, "--feature-name", "s3Import")
        self.rds("remove-role-from-db-cluster", *role, "--feature-name", "s3Import")

    def snapshots(self):
        name = "--db-cluster-snapshot-identifier"
        self.rds("create-db-cluster-snapshot", "--db-cluster-identifier", "cli", name, "cli-snap")
        self.snapshot("available", "cli-snap")
        self.rds(
            "copy-db-cluster-snapshot",
            *("--source-db-cluster-snapshot-identifier", "cli-snap"),
            *("--target-db-cluster-snapshot-identifier", "cli-copy", "--no-copy-tags"),
        )
        self.snapshot("available", "cli-copy")
        share = ("--attribute-name", "restore", "--values-to-add", "444455556666")
        self.rds("modify-db-cluster-snapshot-attribute", name, "cli-copy", *share)
        shown = self.rds("describe-db-cluster-snapshot-attributes", name, "cli-copy")
        attributes = shown["DBClusterSnapshotAttributesResult"]["DBClusterSnapshotAttributes"]
        self.assertEqual(attributes[0]["AttributeValues"], ["444455556666"])
        listed = self.rds("describe-db-cluster-snapshots", "--db-cluster-identifier", "cli")
        self.assertEqual(len(listed["DBClusterSnapshots"]), 2)
        self.rds("delete-db-cluster-snapshot", name, "cli-copy")
        self.wait_until_gone("describe-db-cluster-snapshots", name, "cli-copy")

    def restores(self):
        self.rds(
            "restore-db-cluster-from-snapshot",
            *("--db-cluster-identifier", "cli-restored", "--snapshot-identifier", "cli-snap"),
            *("--engine", "aurora-postgresql", "--engine-version", "15.6", "--no-deletion-protection"),
        )
        self.rds(
            "restore-db-cluster-to-point-in-time",
            *("--db-cluster-identifier", "cli-clone", "--source-db-cluster-identifier", "cli"),
            *("--restore-type", "copy-on-write", "--use-latest-restorable-time"),
        )
        for name in ("cli-restored", "cli-clone"):
            self.cluster("available", name)
            self.rds("delete-db-cluster", "--db-cluster-identifier", name, "--skip-final-snapshot")
            self.wait_until_gone("describe-db-clusters", "--db-cluster-identifier", name)

    def catalogue(self):
        versions = self.rds("describe-db-engine-versions", "--engine", "aurora-postgresql", "--default-only")
        self.assertEqual([v["EngineVersion"] for v in versions["DBEngineVersions"]], ["15.6"])
        options = self.rds(
            "describe-orderable-db-instance-options",
            *("--engine", "aurora-postgresql", "--engine-version", "15.6", "--db-instance-class", "db.r6g.large"),
        )
        self.assertEqual(options["OrderableDBInstanceOptions"][0]["DBInstanceClass"], "db.r6g.large")
        events = self.rds(
            "describe-events", "--source-type", "db-cluster", "--source-identifier", "cli", "--duration", "60"
        )
        self.assertGreater(len(events["Events"]), 0)
        quotas = self.rds("describe-account-attributes")["AccountQuotas"]
        used = {quota["AccountQuotaName"]: quota["Used"] for quota in quotas}
        self.assertGreaterEqual(used["DBClusters"], 1)

    def changes(self):
        self.rds(
            "modify-db-cluster",
            *("--db-cluster-identifier", "cli", "--apply-immediately", "--backup-retention-period", "3"),
            *("--cloudwatch-logs-export-configuration", '{"DisableLogTypes":["postgresql"]}'),
            *("--master-user-password", "another-battery"),
        )
        self.cluster("available")
        shown = self.rds("describe-db-clusters", "--db-cluster-identifier", "cli")["DBClusters"][0]
        self.assertEqual(shown["BackupRetentionPeriod"], 3)
        self.rds(
            "modify-db-instance",
            *("--db-instance-identifier", "cli-1", "--apply-immediately"),
            *("--db-instance-class", "db.r6g.xlarge", "--monitoring-interval", "0"),
        )
        self.instance("available")
        self.rds("reboot-db-instance", "--db-instance-identifier", "cli-1")
        self.instance("available")

    def stop_and_start(self):
        self.rds("stop-db-cluster", "--db-cluster-identifier", "cli")
        self.cluster("stopped")
        self.rds("start-db-cluster", "--db-cluster-identifier", "cli")
        self.cluster("available")
        self.instance("available")

    def end(self):
        self.rds("delete-db-instance", "--db-instance-identifier", "cli-1", "--skip-final-snapshot")
        self.wait_until_gone("describe-db-instances", "--db-instance-identifier", "cli-1")
        self.rds(
            "delete-db-cluster",
            *("--db-cluster-identifier", "cli", "--final-db-snapshot-identifier", "cli-final"),
        )
        self.wait_until_gone("describe-db-clusters", "--db-cluster-identifier", "cli")
        self.snapshot("available", "cli-final")

    def test_a_refusal_is_what_the_command_shows_for_aws(self):
        code, _, complaint = aws("rds", "describe-db-clusters", "--db-cluster-identifier", "nobody")
        self.assertNotEqual(code, 0)
        self.assertIn("(DBClusterNotFoundFault) when calling the DescribeDBClusters operation", complaint)

    def test_sts_shares_the_address(self):
        code, identity, complaint = aws("sts", "get-caller-identity")
        self.assertEqual((code, complaint), (0, ""))
        self.assertEqual(identity["Account"], SOURCE)


if __name__ == "__main__":
    unittest.main()
