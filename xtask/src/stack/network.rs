//! Endpoints of the services in the VPC, for functions in subnets without a way to the internet.

use super::{
    node::{Node, attribute, list, map, reference, sub},
    permissions::document,
    tags,
};

/// The services that a function in the VPC calls, other than DynamoDB.
const SERVICES: [(&str, &str); 6] = [
    ("Kms", "kms"),
    ("Rds", "rds"),
    ("SecretsManager", "secretsmanager"),
    ("Sns", "sns"),
    ("Ssm", "ssm"),
    ("Sts", "sts"),
];

/// The endpoints, all behind a condition.
pub(crate) fn resources() -> Vec<(String, Node)> {
    let group = map! {
        "Type" => "AWS::EC2::SecurityGroup",
        "Condition" => "WithEndpoints",
        "Metadata" => unchecked(),
        "Properties" => map! {
            "GroupDescription" => "Endpoints of services: TLS from the functions of aurora-restore, nothing else",
            "VpcId" => reference("VpcId"),
            "SecurityGroupIngress" => list![map! {
                "Description" => "TLS from the functions",
                "IpProtocol" => "tcp",
                "FromPort" => 443,
                "ToPort" => 443,
                // Every function bears every group, so the first one is enough.
                "SourceSecurityGroupId" => Node::Call("Select", Box::new(list![0, reference("SecurityGroupIds")])),
            }],
            "Tags" => tags(),
        },
    };
    let mut resources = vec![("EndpointSecurityGroup".to_owned(), group), ("EndpointOfDynamoDb".to_owned(), gateway())];
    resources.extend(SERVICES.map(|(id, service)| (format!("EndpointOf{id}"), interface(service))));
    resources
}

/// The ids are empty where the condition does not hold, which cfn-lint takes for malformed.
fn unchecked() -> Node {
    map! { "cfn-lint" => map! { "config" => map! { "ignore_checks" => list!["W1030", "W1035"] } } }
}

/// Nobody of another account passes.
fn own_account_only() -> Node {
    document(vec![map! {
        "Effect" => "Allow",
        "Principal" => "*",
        "Action" => "*",
        "Resource" => "*",
        "Condition" => map! { "StringEquals" => map! { "aws:PrincipalAccount" => reference("AWS::AccountId") } },
    }])
}

fn endpoint(kind: &str, service: &str, rest: Node) -> Node {
    let properties = map! {
        "VpcEndpointType" => kind,
        "ServiceName" => sub(format!("com.amazonaws.${{AWS::Region}}.{service}")),
        "VpcId" => reference("VpcId"),
        "PolicyDocument" => own_account_only(),
    };
    map! {
        "Type" => "AWS::EC2::VPCEndpoint",
        "Condition" => "WithEndpoints",
        "Metadata" => unchecked(),
        "Properties" => properties.with(rest),
    }
}

fn gateway() -> Node {
    endpoint("Gateway", "dynamodb", map! { "RouteTableIds" => reference("RouteTableIds") })
}

fn interface(service: &str) -> Node {
    endpoint(
        "Interface",
        service,
        map! {
            "PrivateDnsEnabled" => true,
            "SubnetIds" => reference("SubnetIds"),
            "SecurityGroupIds" => list![attribute("EndpointSecurityGroup", "GroupId")],
        },
    )
}
