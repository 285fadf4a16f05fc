//! Names on the wire: those of list elements, and those of parameters that RDS has and the sandbox does not model.

/// The name that the elements of every list may have.
const GENERIC: &str = "member";

/// The lists whose elements have a name of their own.
///
/// Clients differ: botocore writes the element's own name, others write `member`, and some write none at all. All three are
/// read; any other name is an error.
const OWN: &[(&str, &str)] = &[
    ("AvailabilityZones", "AvailabilityZone"),
    ("EventCategories", "EventCategory"),
    ("Filters", "Filter"),
    ("SubnetIds", "SubnetIdentifier"),
    ("Tags", "Tag"),
    ("Values", "Value"),
    ("ValuesToAdd", "AttributeValue"),
    ("ValuesToRemove", "AttributeValue"),
    ("VpcSecurityGroupIds", "VpcSecurityGroupId"),
];

/// Parameters of RDS, mostly for engines other than Aurora, that mean nothing here.
const NOT_MODELLED: &[&str] = &[
    "AdditionalStorageVolumes",
    "AllocatedStorage",
    "AllowEngineModeChange",
    "AutomationMode",
    "AwsBackupRecoveryPointArn",
    "BackupTarget",
    "CertificateRotationRestart",
    "CharacterSetName",
    "ClusterScalabilityType",
    "CustomIamInstanceProfile",
    "DBClusterInstanceClass",
    "DBName",
    "DBPortNumber",
    "DBSecurityGroups",
    "DBSystemId",
    "DedicatedLogVolume",
    "DisableDomain",
    "Domain",
    "DomainAuthSecretArn",
    "DomainDnsIps",
    "DomainFqdn",
    "DomainIAMRoleName",
    "DomainOu",
    "EnableCustomerOwnedIp",
    "EnableGlobalWriteForwarding",
    "EnableInternetAccessGateway",
    "EnableLimitlessDatabase",
    "EnableLocalWriteForwarding",
    "EnableVPCNetworking",
    "GlobalClusterIdentifier",
    "Iops",
    "LicenseModel",
    "ManageMasterUserPassword",
    "MasterUserAuthenticationType",
    "MasterUserSecretKmsKeyId",
    "MaxAllocatedStorage",
    "MultiAZ",
    "MultiTenant",
    "NcharCharacterSetName",
    "OptionGroupName",
    "ProcessorFeatures",
    "RdsCustomClusterConfiguration",
    "ReplicaMode",
    "ReplicationSourceIdentifier",
    "ResumeFullAutomationModeMinutes",
    "RotateMasterUserPassword",
    "ScalingConfiguration",
    "StorageThroughput",
    "TagSpecifications",
    "TdeCredentialArn",
    "TdeCredentialPassword",
    "Timezone",
    "UseDefaultProcessorFeatures",
    "WithExpressConfiguration",
];

/// Whether `element` may name the elements of the list `list`.
pub(super) fn names_element(list: &str, element: &str) -> bool {
    element == GENERIC || OWN.contains(&(list, element))
}

/// Whether RDS has a parameter of this name that the sandbox leaves out.
pub(super) fn is_left_out(parameter: &str) -> bool {
    NOT_MODELLED.binary_search(&parameter).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_for_the_search() {
        assert!(NOT_MODELLED.is_sorted());
    }
}
