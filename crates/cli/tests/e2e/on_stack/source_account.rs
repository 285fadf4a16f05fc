//! The companion of the stack in the source's account: what it gives is what the pipeline enters by.

use std::{fs, path::Path};

use aurora_restore_testing::stand_in::{Entry, StandIn};
use serde_json::Value;

use super::OnStack;
use crate::support::{PRODUCTION, Pace, STAGING, World};

/// What the source's account asks of whoever enters.
const EXTERNAL_ID: &str = "shared-by-word-of-mouth";

#[test]
fn what_the_source_account_gives_is_entered_by_the_roles_that_need_it_and_by_no_other() {
    let stage = OnStack::prepared(World::new(Pace::None, 20), "");
    let role = given(&stage.services, "RoleArn");
    let parameters = [format!("SourceRoleArn={role}"), format!("SourceExternalId={EXTERNAL_ID}")];
    let more: Vec<&str> = ["--yes"].into_iter().chain(parameters.iter().flat_map(|one| ["--parameter", one])).collect();
    stage.stack("deploy", &more).with_code(0);

    // The sandbox enters whatever role it is asked for; who is let in is what the role says.
    stage.run(&["start", "--on-aws", "--yes", "--id", "op-1", "--watch"]).with_code(0);
    stage.world.assert_swapped();

    let name = role.rsplit('/').next().unwrap();
    let trust = document(&stage.services, PRODUCTION, &[("Action", "GetRole"), ("RoleName", name)]);
    let condition = &trust["Statement"][0]["Condition"];
    assert_eq!(condition["StringEquals"]["sts:ExternalId"], EXTERNAL_ID);
    let admitted: Vec<&str> =
        condition["ArnLike"]["aws:PrincipalArn"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let roles = stage.services.query("iam", &[("Action", "ListRoles"), ("MaxItems", "1000")]);
    let roles: Vec<&str> = between(&roles, "<RoleName>", "</RoleName>");
    assert!(roles.len() > admitted.len(), "{roles:?}");
    for name in roles {
        let arn = format!("arn:aws:iam::{}:role/{name}", STAGING.0);
        let is_admitted = admitted.iter().any(|pattern| fits(pattern, &arn));
        assert_eq!(enters(&stage.services, name, &role), is_admitted, "{arn} and {admitted:?}");
    }
}

/// Whether a pattern of the role fits a name: any characters at its end, and one for each `?` before.
fn fits(pattern: &str, arn: &str) -> bool {
    let begin = pattern.strip_suffix('*').unwrap_or_else(|| panic!("{pattern}"));
    arn.len() >= begin.len() && begin.chars().zip(arn.chars()).all(|(wanted, found)| wanted == '?' || wanted == found)
}

/// Makes the stack of the source's account there, and gives one of its outputs.
fn given(services: &StandIn, output: &str) -> String {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cloudformation/source-account.yaml");
    let template = fs::read_to_string(template).unwrap();
    let form = [
        ("Action", "CreateStack"),
        ("StackName", "source"),
        ("Capabilities.member.1", "CAPABILITY_NAMED_IAM"),
        ("Parameters.member.1.ParameterKey", "TargetAccountId"),
        ("Parameters.member.1.ParameterValue", STAGING.0),
        ("Parameters.member.2.ParameterKey", "ExternalId"),
        ("Parameters.member.2.ParameterValue", EXTERNAL_ID),
        ("TemplateBody", &template),
    ];
    services.query_as(entry(PRODUCTION), "cloudformation", &form);
    let form = [("Action", "DescribeStacks"), ("StackName", "source")];
    let told = services.query_as(entry(PRODUCTION), "cloudformation", &form);
    assert!(told.contains("<StackStatus>CREATE_COMPLETE</StackStatus>"), "{told}");
    let member = told.split("<member>").find(|member| member.contains(&format!("<OutputKey>{output}</OutputKey>")));
    between(member.unwrap_or(&told), "<OutputValue>", "</OutputValue>")[0].to_owned()
}

fn entry((account, region): (&'static str, &'static str)) -> Entry<'static> {
    Entry { access_key: account, region }
}

/// Whether one of the policies of a role lets it enter another one.
fn enters(services: &StandIn, name: &str, role: &str) -> bool {
    let listed = services.query("iam", &[("Action", "ListRolePolicies"), ("RoleName", name)]);
    between(&listed, "<member>", "</member>").into_iter().any(|policy| {
        let form = [("Action", "GetRolePolicy"), ("RoleName", name), ("PolicyName", policy)];
        let policy = document(services, STAGING, &form);
        policy["Statement"].as_array().unwrap().iter().any(|statement| {
            let said = statement.to_string();
            said.contains("\"sts:AssumeRole\"") && said.contains(role)
        })
    })
}

/// The document in the answer of IAM.
fn document(services: &StandIn, place: (&'static str, &'static str), form: &[(&str, &str)]) -> Value {
    let told = services.query_as(entry(place), "iam", form);
    let found = between(&told, "PolicyDocument>", "</");
    serde_json::from_str(&unescaped(found[0])).unwrap_or_else(|error| panic!("{error}: {told}"))
}

/// Everything that stands between two texts.
fn between<'t>(text: &'t str, begin: &str, end: &str) -> Vec<&'t str> {
    text.split(begin).skip(1).filter_map(|rest| rest.split_once(end)).map(|(found, _)| found).collect()
}

/// Documents come with everything but letters and digits as `%` and two digits, or as entities of XML.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    // Bounded: every turn takes a byte or three off.
    while let [first, after @ ..] = rest {
        let coded = after.get(..2).filter(|_| *first == b'%');
        let coded = coded.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(coded.unwrap_or(*first));
        rest = if coded.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap().replace("&quot;", "\"").replace("&#34;", "\"")
}
