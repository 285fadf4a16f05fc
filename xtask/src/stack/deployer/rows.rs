//! The table: for each type of resource what CloudFormation does with it, on names that begin as the template's do.

/// What CloudFormation does for one type of resource.
pub(super) struct Row {
    /// The type, as the template names it; none for what `stack deploy` does itself.
    pub(super) kind: Option<&'static str>,
    /// Its name in the policy.
    pub(super) sid: &'static str,
    /// The actions.
    pub(super) actions: &'static [&'static str],
    /// On what.
    pub(super) resources: &'static [&'static str],
    /// On which condition.
    pub(super) when: Option<When>,
}

/// What narrows a statement where names cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// A role is handed to the services that the stack runs on.
    HandedToServices,
    /// A key is used by the services that keep the stack's records and notices.
    UsedByServices,
    /// The thing bears the stack's tag.
    Ours,
}

impl Row {
    const fn when(mut self, when: When) -> Self {
        self.when = Some(when);
        self
    }
}

const fn row(
    kind: Option<&'static str>,
    sid: &'static str,
    actions: &'static [&'static str],
    resources: &'static [&'static str],
) -> Row {
    Row { kind, sid, actions, resources, when: None }
}

/// Names are the template's defaults: whoever chooses another `NamePrefix` writes it here, too.
pub(super) const ROWS: &[Row] = &[
    row(
        None,
        "Stacks",
        &[
            "cloudformation:ContinueUpdateRollback",
            "cloudformation:CreateChangeSet",
            "cloudformation:DeleteChangeSet",
            "cloudformation:DeleteStack",
            "cloudformation:DescribeChangeSet",
            "cloudformation:DescribeStackEvents",
            "cloudformation:DescribeStackResources",
            "cloudformation:DescribeStacks",
            "cloudformation:ExecuteChangeSet",
            "cloudformation:GetTemplate",
            "cloudformation:ListStackResources",
            "cloudformation:RollbackStack",
            "cloudformation:TagResource",
        ],
        &["arn:*:cloudformation:*:*:stack/aurora-restore*/*"],
    ),
    row(None, "WhoAmI", &["cloudformation:ValidateTemplate", "sts:GetCallerIdentity"], &["*"]),
    row(
        None,
        "PackageBucket",
        &[
            "s3:CreateBucket",
            "s3:GetBucketLocation",
            "s3:GetBucketVersioning",
            "s3:GetEncryptionConfiguration",
            "s3:ListBucket",
            "s3:ListBucketVersions",
            "s3:PutBucketPolicy",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketVersioning",
            "s3:PutEncryptionConfiguration",
        ],
        &["arn:*:s3:::aurora-restore-*"],
    ),
    row(None, "Package", &["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], &["arn:*:s3:::aurora-restore-*/*"]),
    row(Some("AWS::KMS::Key"), "MakeKey", &["kms:CreateKey", "kms:ListAliases"], &["*"]),
    row(
        Some("AWS::KMS::Key"),
        "Keys",
        &[
            "kms:DescribeKey",
            "kms:EnableKeyRotation",
            "kms:GetKeyPolicy",
            "kms:GetKeyRotationStatus",
            "kms:ListResourceTags",
            // Not on a condition: it takes minutes until KMS knows a new key by its tags, and a creation that fails is taken back at once.
            "kms:ScheduleKeyDeletion",
            "kms:TagResource",
            "kms:UntagResource",
            "kms:UpdateKeyDescription",
        ],
        &["arn:*:kms:*:*:key/*"],
    ),
    row(Some("AWS::KMS::Key"), "KeyPolicies", &["kms:PutKeyPolicy"], &["arn:*:kms:*:*:key/*"]).when(When::Ours),
    row(
        Some("AWS::KMS::Key"),
        "UseOfKeys",
        // All that the guide of DynamoDB asks of whoever makes a table under a key of their own.
        &[
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
        ],
        &["arn:*:kms:*:*:key/*"],
    )
    .when(When::UsedByServices),
    row(
        Some("AWS::KMS::Alias"),
        "KeyAlias",
        &["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"],
        &["arn:*:kms:*:*:alias/aurora-restore-*", "arn:*:kms:*:*:key/*"],
    ),
    row(
        Some("AWS::DynamoDB::Table"),
        "Tables",
        &[
            "dynamodb:CreateTable",
            "dynamodb:DeleteTable",
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeContributorInsights",
            "dynamodb:DescribeKinesisStreamingDestination",
            "dynamodb:DescribeTable",
            "dynamodb:DescribeTimeToLive",
            "dynamodb:GetResourcePolicy",
            "dynamodb:ListTagsOfResource",
            "dynamodb:Query",
            "dynamodb:TagResource",
            "dynamodb:UntagResource",
            "dynamodb:UpdateContinuousBackups",
            "dynamodb:UpdateTable",
            "dynamodb:UpdateTimeToLive",
        ],
        // With the indexes: who deploys or deletes is told which operations are in progress.
        &["arn:*:dynamodb:*:*:table/AuroraRestore*"],
    ),
    // Who deploys has that recorded.
    row(
        None,
        "RecordChanges",
        &["dynamodb:PutItem", "dynamodb:Query"],
        &["arn:*:dynamodb:*:*:table/AuroraRestoreAuditTable"],
    ),
    row(
        Some("AWS::SSM::Parameter"),
        "Configuration",
        &[
            "ssm:AddTagsToResource",
            "ssm:DeleteParameter",
            "ssm:GetParameters",
            "ssm:ListTagsForResource",
            "ssm:PutParameter",
            "ssm:RemoveTagsFromResource",
        ],
        &["arn:*:ssm:*:*:parameter/aurora-restore/*"],
    ),
    row(Some("AWS::SSM::Parameter"), "FindConfiguration", &["ssm:DescribeParameters"], &["*"]),
    row(
        Some("AWS::SNS::Topic"),
        "Topic",
        &[
            "sns:CreateTopic",
            "sns:DeleteTopic",
            "sns:GetDataProtectionPolicy",
            "sns:GetTopicAttributes",
            "sns:ListSubscriptionsByTopic",
            "sns:ListTagsForResource",
            "sns:SetTopicAttributes",
            "sns:TagResource",
            "sns:UntagResource",
        ],
        &["arn:*:sns:*:*:aurora-restore-*"],
    ),
    row(
        Some("AWS::SNS::TopicPolicy"),
        "TopicPolicy",
        &["sns:GetTopicAttributes", "sns:SetTopicAttributes"],
        &["arn:*:sns:*:*:aurora-restore-*"],
    ),
    row(
        Some("AWS::SNS::Subscription"),
        "Subscription",
        &["sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Subscribe", "sns:Unsubscribe"],
        &["arn:*:sns:*:*:aurora-restore-*"],
    ),
    row(
        Some("AWS::Logs::LogGroup"),
        "LogGroups",
        &[
            "logs:AssociateKmsKey",
            "logs:CreateLogGroup",
            "logs:DeleteLogGroup",
            "logs:DeleteRetentionPolicy",
            "logs:DisassociateKmsKey",
            "logs:ListTagsForResource",
            "logs:PutRetentionPolicy",
            "logs:TagResource",
            "logs:UntagResource",
        ],
        &[
            "arn:*:logs:*:*:log-group:/aws/lambda/aurora-restore-*",
            "arn:*:logs:*:*:log-group:/aws/vendedlogs/states/aurora-restore*",
        ],
    ),
    row(Some("AWS::Logs::LogGroup"), "FindLogGroups", &["logs:DescribeLogGroups"], &["*"]),
    row(
        Some("AWS::Logs::QueryDefinition"),
        "Queries",
        &["logs:DeleteQueryDefinition", "logs:DescribeQueryDefinitions", "logs:PutQueryDefinition"],
        &["*"],
    ),
    row(
        Some("AWS::IAM::Role"),
        "Roles",
        &[
            "iam:CreateRole",
            "iam:DeleteRole",
            "iam:DeleteRolePermissionsBoundary",
            "iam:DeleteRolePolicy",
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
            "iam:ListRoleTags",
            "iam:PutRolePermissionsBoundary",
            "iam:PutRolePolicy",
            "iam:TagRole",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
            "iam:UpdateRoleDescription",
        ],
        &["arn:*:iam::*:role/aurora-restore-*"],
    ),
    row(Some("AWS::IAM::Role"), "HandRolesToServices", &["iam:PassRole"], &["arn:*:iam::*:role/aurora-restore-*"])
        .when(When::HandedToServices),
    row(
        Some("AWS::Lambda::Function"),
        "Functions",
        &[
            "lambda:CreateFunction",
            "lambda:DeleteFunction",
            "lambda:GetFunction",
            "lambda:GetFunctionCodeSigningConfig",
            "lambda:GetFunctionConfiguration",
            "lambda:GetFunctionRecursionConfig",
            "lambda:GetRuntimeManagementConfig",
            "lambda:ListTags",
            "lambda:TagResource",
            "lambda:UntagResource",
            "lambda:UpdateFunctionCode",
            "lambda:UpdateFunctionConfiguration",
        ],
        &["arn:*:lambda:*:*:function:aurora-restore-*"],
    ),
    row(
        Some("AWS::Lambda::Version"),
        "FunctionVersions",
        &[
            "lambda:DeleteFunction",
            "lambda:GetFunction",
            "lambda:GetFunctionConfiguration",
            "lambda:ListVersionsByFunction",
            "lambda:PublishVersion",
        ],
        &["arn:*:lambda:*:*:function:aurora-restore-*"],
    ),
    row(
        Some("AWS::Lambda::Alias"),
        "FunctionAliases",
        &[
            "lambda:CreateAlias",
            "lambda:DeleteAlias",
            "lambda:GetAlias",
            "lambda:UpdateAlias",
            "lambda:DeleteProvisionedConcurrencyConfig",
            "lambda:GetProvisionedConcurrencyConfig",
        ],
        &["arn:*:lambda:*:*:function:aurora-restore-*"],
    ),
    row(
        Some("AWS::Lambda::Permission"),
        "WhoInvokesFunctions",
        &["lambda:AddPermission", "lambda:GetPolicy", "lambda:RemovePermission"],
        &["arn:*:lambda:*:*:function:aurora-restore-*"],
    ),
    row(
        Some("AWS::SecretsManager::RotationSchedule"),
        "Rotations",
        &["secretsmanager:CancelRotateSecret", "secretsmanager:DescribeSecret", "secretsmanager:RotateSecret"],
        &["arn:*:secretsmanager:*:*:secret:aurora-restore/*"],
    ),
    // Secrets Manager asks for it as a schedule is made.
    row(
        Some("AWS::SecretsManager::RotationSchedule"),
        "RotateByFunction",
        &["lambda:InvokeFunction"],
        &["arn:*:lambda:*:*:function:aurora-restore-rotate:live"],
    ),
    row(
        Some("AWS::StepFunctions::StateMachine"),
        "StateMachines",
        &[
            "states:CreateStateMachine",
            "states:DeleteStateMachine",
            "states:DescribeStateMachine",
            "states:ListTagsForResource",
            "states:TagResource",
            "states:UntagResource",
            "states:UpdateStateMachine",
        ],
        &["arn:*:states:*:*:stateMachine:aurora-restore*"],
    ),
    row(
        Some("AWS::StepFunctions::StateMachine"),
        "CheckStateMachines",
        &["states:ValidateStateMachineDefinition"],
        &["*"],
    ),
    row(
        Some("AWS::Scheduler::Schedule"),
        "Schedules",
        &["scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:GetSchedule", "scheduler:UpdateSchedule"],
        &["arn:*:scheduler:*:*:schedule/aurora-restore*/*"],
    ),
    row(
        Some("AWS::Scheduler::ScheduleGroup"),
        "ScheduleGroup",
        &[
            "scheduler:CreateScheduleGroup",
            "scheduler:DeleteScheduleGroup",
            "scheduler:GetScheduleGroup",
            "scheduler:ListTagsForResource",
            "scheduler:TagResource",
            "scheduler:UntagResource",
        ],
        &["arn:*:scheduler:*:*:schedule-group/aurora-restore*"],
    ),
    row(
        Some("AWS::CloudWatch::Alarm"),
        "Alarms",
        &[
            "cloudwatch:DeleteAlarms",
            "cloudwatch:DescribeAlarms",
            "cloudwatch:ListTagsForResource",
            "cloudwatch:PutMetricAlarm",
            "cloudwatch:TagResource",
            "cloudwatch:UntagResource",
        ],
        &["arn:*:cloudwatch:*:*:alarm:aurora-restore-*"],
    ),
    row(
        Some("AWS::CloudWatch::Dashboard"),
        "Dashboard",
        &["cloudwatch:DeleteDashboards", "cloudwatch:GetDashboard", "cloudwatch:PutDashboard"],
        &["arn:*:cloudwatch::*:dashboard/aurora-restore-*"],
    ),
    row(
        Some("AWS::EC2::SecurityGroup"),
        "EndpointsInTheVpc",
        &[
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:CreateSecurityGroup",
            "ec2:CreateTags",
            "ec2:DeleteSecurityGroup",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
        ],
        &["*"],
    ),
    row(
        Some("AWS::EC2::VPCEndpoint"),
        "Endpoints",
        &[
            "ec2:CreateVpcEndpoint",
            "ec2:DeleteVpcEndpoints",
            "ec2:DescribeVpcEndpoints",
            "ec2:ModifyVpcEndpoint",
            // An endpoint with a private name depends on it, by the service authorization reference.
            "route53:AssociateVPCWithHostedZone",
        ],
        &["*"],
    ),
];
