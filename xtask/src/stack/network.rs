//! Endpoints of the services in the VPC, for functions in subnets without a way to the internet.

use super::{
    node::{Node, attribute, list, map, reference, sub},
    permissions::document,
    tags,
};

/// The services that a function in the VPC calls, other than DynamoDB. KMS is asked by these services, not by functions.
const SERVICES: [(&str, &str); 5] =
    [("Rds", "rds"), ("SecretsManager", "secretsmanager"), ("Sns", "sns"), ("Ssm", "ssm"), ("Sts", "sts")];

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

#[cfg(test)]
mod tests {
    use super::*;

    fn property<'n>(resource: &'n Node, name: &str) -> &'n Node {
        resource.get("Properties").and_then(|properties| properties.get(name)).unwrap()
    }

    #[test]
    fn the_endpoints_let_in_the_functions_and_nobody_else() {
        let resources = resources();
        let (_, group) = resources.iter().find(|(name, _)| name == "EndpointSecurityGroup").unwrap();
        let [rule] = property(group, "SecurityGroupIngress").members() else { panic!("one rule") };
        let keys: Vec<&str> = rule.entries().iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["Description", "IpProtocol", "FromPort", "ToPort", "SourceSecurityGroupId"]);
        assert_eq!((rule.get("FromPort"), rule.get("ToPort")), (Some(&Node::Number(443)), Some(&Node::Number(443))));
        let of_functions = Node::Call("Select", Box::new(list![0, reference("SecurityGroupIds")]));
        assert_eq!(rule.get("SourceSecurityGroupId"), Some(&of_functions));
    }

    #[test]
    fn every_endpoint_serves_this_account_only_under_the_services_own_names() {
        let resources = resources();
        let is_endpoint = |node: &Node| node.get("Type").and_then(Node::as_text) == Some("AWS::EC2::VPCEndpoint");
        let endpoints: Vec<&Node> = resources.iter().map(|(_, node)| node).filter(|node| is_endpoint(node)).collect();
        assert_eq!(endpoints.len(), SERVICES.len() + 1, "one for each service, and the gateway");
        let own = list![attribute("EndpointSecurityGroup", "GroupId")];
        for endpoint in endpoints {
            let [statement] = property(endpoint, "PolicyDocument").get("Statement").unwrap().members() else {
                panic!("one statement")
            };
            let account = map! { "aws:PrincipalAccount" => reference("AWS::AccountId") };
            assert_eq!(statement.get("Condition"), Some(&map! { "StringEquals" => account }));
            if property(endpoint, "VpcEndpointType").as_text() == Some("Interface") {
                assert_eq!(property(endpoint, "SecurityGroupIds"), &own);
                assert_eq!(property(endpoint, "PrivateDnsEnabled"), &Node::Bool(true));
            }
        }
    }
}
