//! What the function of rotations may do: it reads the stack's secrets, and changes those alone that are named to be rotated.

use super::{Grant, If, On, TARGETS, grant};

pub(super) fn rotate() -> Vec<Grant> {
    vec![
        grant("LookAtTarget", &["rds:DescribeDBClusters"], &[TARGETS], "where the cluster answers"),
        grant(
            "ReadSecrets",
            &["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            &[On::Secrets],
            "the versions with their labels, and the master, who gives the others their passwords",
        ),
        grant(
            "NewVersions",
            &["secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"],
            &[On::RotatedSecrets],
            "the new version, and which one is current",
        )
        .when("MayRotate"),
        grant(
            "DrawPasswords",
            &["secretsmanager:GetRandomPassword"],
            &[On::Everything],
            "new passwords; Secrets Manager knows nothing narrower",
        ),
        grant(
            "KeysOfSecrets",
            &["kms:Decrypt", "kms:GenerateDataKey"],
            &[On::DataKeys],
            "secrets under a key of the customer's",
        )
        .only_if(If::Via("secretsmanager"))
        .when("HasKmsKeys"),
    ]
}
