"""What the client tests share: where the sandbox is, and clients of both accounts."""

import json
import os
import time
import urllib.request

import boto3
from botocore.config import Config

URL = os.environ["SANDBOX_URL"]
TOKEN = os.environ["SANDBOX_CONTROL_TOKEN"]
SOURCE = "111122223333"
TARGET = "444455556666"
REGION = "eu-west-1"
OTHER_REGION = "us-east-1"
PASSWORD = "correct-horse-battery"

# Faults must reach the test and not be retried away.
ONE_ATTEMPT = Config(retries={"total_max_attempts": 1})
QUICK = {"Delay": 0.1, "MaxAttempts": 300}


def client(service="rds", account=SOURCE, region=REGION, **credentials):
    """A boto3 client of an account in a Region."""
    keys = {"aws_access_key_id": account, "aws_secret_access_key": "unused"} | credentials
    return boto3.client(service, endpoint_url=URL, region_name=region, config=ONE_ATTEMPT, **keys)


def control(method, path, body=None):
    """Calls a /_sandbox endpoint."""
    request = urllib.request.Request(
        f"{URL}/_sandbox/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def create_cluster(rds, name, **settings):
    """Creates a cluster and waits for it."""
    rds.create_db_cluster(
        DBClusterIdentifier=name,
        Engine="aurora-postgresql",
        EngineVersion="15.6",
        MasterUsername="administrator",
        MasterUserPassword=PASSWORD,
        **settings,
    )
    rds.get_waiter("db_cluster_available").wait(DBClusterIdentifier=name, WaiterConfig=QUICK)
    # Somewhat later it can be backed up, too.
    for _ in range(QUICK["MaxAttempts"]):
        if "LatestRestorableTime" in rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]:
            return
        time.sleep(QUICK["Delay"])
    raise TimeoutError(f"{name} never became restorable")


def remove_cluster(rds, name):
    """Deletes a cluster without instances and waits until it is gone."""
    rds.delete_db_cluster(DBClusterIdentifier=name, SkipFinalSnapshot=True)
    rds.get_waiter("db_cluster_deleted").wait(DBClusterIdentifier=name, WaiterConfig=QUICK)


