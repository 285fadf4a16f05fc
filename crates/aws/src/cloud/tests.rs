//! Sides, Regions, credentials and roles, against a server on loopback that answers from a list.

use std::sync::{Arc, Mutex};

use aurora_restore_core::{
    ids::{Arn, ClusterId},
    ports::RdsErrorKind,
    secret::Secret,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::{
    options::{AssumedRole, CredentialSource},
    proxy::HttpProxy,
};

/// A server that answers every call with what it says who is calling.
struct Server {
    url: EndpointUrl,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(answer: fn(&str) -> (u16, String)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = EndpointUrl::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        drop(tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                drop(tokio::spawn(serve(stream, Arc::clone(&log), answer)));
            }
        }));
        Self { url, seen }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, log: Arc<Mutex<Vec<String>>>, answer: fn(&str) -> (u16, String)) {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while !is_whole(&text) {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(read) => text.push_str(&String::from_utf8_lossy(&buffer[..read])),
        }
    }
    let (status, body) = answer(&text);
    log.lock().unwrap().push(text);
    let reply = format!(
        "HTTP/1.1 {status} x\r\ncontent-type: text/xml\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(reply.as_bytes()).await;
}

fn is_whole(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned))
        .and_then(|length| length.parse::<usize>().ok());
    body.len() >= length.unwrap_or(0)
}

fn aws(request: &str) -> (u16, String) {
    if request.contains("Action=AssumeRole") {
        return (
            200,
            r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
               <AccessKeyId>ASIASOURCE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
               <Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>
               <AssumedRoleUser><Arn>arn:aws:sts::444455556666:assumed-role/reader/x</Arn><AssumedRoleId>A:x</AssumedRoleId>
               </AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"#
                .to_owned(),
        );
    }
    if request.contains("Action=GetCallerIdentity") {
        let account = if request.contains("Credential=ASIASOURCE/") { "444455556666" } else { "111122223333" };
        return (
            200,
            format!(
                r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
                   <Arn>a</Arn><UserId>u</UserId><Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"#
            ),
        );
    }
    (
        200,
        r#"<DescribeDBClustersResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><DescribeDBClustersResult>
           <DBClusters></DBClusters></DescribeDBClustersResult></DescribeDBClustersResponse>"#
            .to_owned(),
    )
}

fn options(server: &Server) -> AwsOptions {
    let mut options = AwsOptions::in_region(Region::new("eu-central-1").unwrap());
    options.target.credentials = keys();
    options.rds_endpoint = Some(server.url.clone());
    options.sts_endpoint = Some(server.url.clone());
    options
}

fn keys() -> CredentialSource {
    CredentialSource::Keys { access_key: "AKIATARGET".into(), secret_key: Secret::new("hunter2") }
}

fn source_role() -> Option<AccountAccess> {
    Some(AccountAccess {
        credentials: keys(),
        role: Some(AssumedRole {
            arn: Arn::new("arn:aws:iam::444455556666:role/reader").unwrap(),
            external_id: Some("shared-word".into()),
            session_name: None,
        }),
    })
}

fn at(side: Side, region: &str) -> Location {
    Location { side, region: Region::new(region).unwrap() }
}

#[tokio::test]
async fn the_source_is_entered_through_its_role() {
    let server = Server::start(aws).await;
    let mut options = options(&server);
    options.source = source_role();
    let cloud = AwsCloud::new(&options).await.unwrap();
    let account = async |side| cloud.account(side).await.unwrap().to_string();
    assert_eq!(account(Side::Target).await, "111122223333");
    assert_eq!(account(Side::Source).await, "444455556666");
    let seen = server.seen();
    let assumed = seen.iter().find(|r| r.contains("Action=AssumeRole")).unwrap();
    assert!(assumed.contains("ExternalId=shared-word"), "{assumed}");
    assert!(assumed.contains("RoleSessionName=aurora-restore"), "{assumed}");
    assert!(assumed.contains("Credential=AKIATARGET/"), "{assumed}");
}

#[tokio::test]
async fn an_account_is_asked_for_once() {
    let server = Server::start(aws).await;
    let cloud = AwsCloud::new(&options(&server)).await.unwrap();
    for side in [Side::Target, Side::Source, Side::Target] {
        assert_eq!(cloud.account(side).await.unwrap().as_str(), "111122223333");
    }
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn each_region_has_its_own_client_that_is_kept() {
    let server = Server::start(aws).await;
    let cloud = AwsCloud::new(&options(&server)).await.unwrap();
    let address = |rds: &dyn Rds| std::ptr::from_ref(rds).cast::<()>();
    let first = address(cloud.rds(&at(Side::Target, "eu-central-1")));
    let second = address(cloud.rds(&at(Side::Target, "eu-west-1")));
    assert_ne!(first, second);
    assert_eq!(first, address(cloud.rds(&at(Side::Target, "eu-central-1"))));
    // One account: the source is the target.
    assert_eq!(second, address(cloud.rds(&at(Side::Source, "eu-west-1"))));

    let id = ClusterId::new("staging").unwrap();
    for region in ["eu-central-1", "eu-west-1"] {
        let gone = cloud.rds(&at(Side::Target, region)).cluster(&id).await;
        assert!(gone.unwrap_err().is_not_found());
    }
    let seen = server.seen();
    assert!(seen[0].contains("/eu-central-1/rds/aws4_request"), "{}", seen[0]);
    assert!(seen[1].contains("/eu-west-1/rds/aws4_request"), "{}", seen[1]);
}

#[tokio::test]
async fn calls_say_which_program_makes_them() {
    let server = Server::start(aws).await;
    let cloud = AwsCloud::new(&options(&server)).await.unwrap();
    assert!(cloud.account(Side::Target).await.is_ok());
    let seen = server.seen().remove(0);
    let product = format!("aurora-restore/{}", env!("CARGO_PKG_VERSION"));
    assert!(seen.contains(&product), "{seen}");
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_an_access_denied_with_the_reason() {
    let server = Server::start(|_| {
        let body = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>\
            <Message>User is not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>";
        (403, body.to_owned())
    })
    .await;
    let mut options = options(&server);
    options.source = source_role();
    let cloud = AwsCloud::new(&options).await.unwrap();
    let error = cloud.account(Side::Source).await.unwrap_err();
    assert_eq!((error.side, error.retryable), ("source", false));
    assert!(error.reason.contains("sts:AssumeRole"), "{error}");

    let id = ClusterId::new("prod").unwrap();
    let refused = cloud.rds(&at(Side::Source, "eu-central-1")).cluster(&id).await;
    assert_eq!(refused.unwrap_err().kind, RdsErrorKind::AccessDenied);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let mut options = AwsOptions::in_region(Region::new("eu-central-1").unwrap());
    options.target.credentials = keys();
    options.rds_endpoint = Some(EndpointUrl::new(&url).unwrap());
    options.sts_endpoint = options.rds_endpoint.clone();
    let cloud = AwsCloud::new(&options).await.unwrap();
    assert!(cloud.account(Side::Target).await.unwrap_err().retryable);
    let id = ClusterId::new("staging").unwrap();
    let error = cloud.rds(&at(Side::Target, "eu-central-1")).cluster(&id).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (RdsErrorKind::Unavailable, "NoConnection"));
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_named_and_not_the_keys() {
    let server = Server::start(|_| {
        let body = "<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code>\
            <Message>Signature expired: 20261122T101500Z is now earlier than 20261122T111500Z</Message></Error></ErrorResponse>";
        (403, body.to_owned())
    })
    .await;
    let cloud = AwsCloud::new(&options(&server)).await.unwrap();
    let error = cloud.account(Side::Target).await.unwrap_err();
    assert!(!error.retryable && error.reason.contains("the clock of this machine is wrong"), "{error}");
}

#[tokio::test]
async fn a_gateways_page_instead_of_xml_is_unavailable() {
    let server = Server::start(|_| (502, "<html>Bad gateway</html>".to_owned())).await;
    let cloud = AwsCloud::new(&options(&server)).await.unwrap();
    let id = ClusterId::new("staging").unwrap();
    let error = cloud.rds(&at(Side::Target, "eu-central-1")).cluster(&id).await.unwrap_err();
    assert_eq!(error.kind, RdsErrorKind::Unavailable, "{error}");
    assert_eq!(server.seen().len(), 1, "it was sent again");
}

/// A proxy that lets nobody through and remembers who asked for what.
async fn proxy() -> (HttpProxy, Arc<Mutex<Vec<String>>>) {
    let refusing = Server::start(|_| (502, String::new())).await;
    let url = refusing.url.as_str().replace("://", "://clerk:hunter2@");
    (HttpProxy::new(&url, "internal.example.com").unwrap(), refusing.seen)
}

#[tokio::test]
async fn aws_is_reached_through_the_proxy_which_is_asked_for_a_tunnel_with_its_password() {
    let (proxy, asked) = proxy().await;
    let mut options = AwsOptions::in_region(Region::new("eu-central-1").unwrap());
    options.target.credentials = keys();
    options.network.proxy = Some(proxy);
    let cloud = AwsCloud::new(&options).await.unwrap();
    let refused = cloud.account(Side::Target).await.unwrap_err();
    assert!(refused.retryable && !refused.to_string().contains("hunter2"), "{refused}");
    let id = ClusterId::new("staging").unwrap();
    let error = cloud.rds(&at(Side::Target, "eu-central-1")).cluster(&id).await.unwrap_err();
    assert_eq!(error.kind, RdsErrorKind::Unavailable, "{error}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
    let asked = asked.lock().unwrap().clone();
    assert!(asked[0].starts_with("CONNECT sts.eu-central-1.amazonaws.com:443 "), "{asked:?}");
    assert!(asked[1].starts_with("CONNECT rds.eu-central-1.amazonaws.com:443 "), "{asked:?}");
    // clerk:hunter2
    assert!(
        asked.iter().all(|head| head.to_ascii_lowercase().contains("proxy-authorization: basic y2xlcms6ahvudgvymg=="))
    );
}

#[tokio::test]
async fn loopback_is_never_reached_through_a_proxy() {
    let server = Server::start(aws).await;
    let (proxy, asked) = proxy().await;
    let mut in_the_clear = options(&server);
    in_the_clear.network.proxy = Some(proxy);
    assert!(AwsCloud::new(&in_the_clear).await.unwrap().account(Side::Target).await.is_ok());

    // Over TLS the server, which speaks none, hangs up; what matters is who was called.
    for host in ["localhost", "127.0.0.1"] {
        let url = in_the_clear
            .rds_endpoint
            .as_ref()
            .unwrap()
            .as_str()
            .replace("http://127.0.0.1", &format!("https://{host}"));
        let over_tls = AwsOptions { sts_endpoint: Some(EndpointUrl::new(&url).unwrap()), ..in_the_clear.clone() };
        assert!(AwsCloud::new(&over_tls).await.unwrap().account(Side::Target).await.is_err());
    }
    assert_eq!(asked.lock().unwrap().as_slice(), &[] as &[String]);
}

#[tokio::test]
async fn a_host_that_is_excepted_is_not_reached_through_the_proxy() {
    let (proxy, asked) = proxy().await;
    let mut options = AwsOptions::in_region(Region::new("eu-central-1").unwrap());
    options.target.credentials = keys();
    options.network.proxy = Some(proxy);
    // Nothing resolves this name: who asked is what counts.
    options.sts_endpoint = Some(EndpointUrl::new("https://sts.internal.example.com").unwrap());
    assert!(AwsCloud::new(&options).await.unwrap().account(Side::Target).await.is_err());
    assert_eq!(asked.lock().unwrap().as_slice(), &[] as &[String]);
}

#[test]
fn options_do_not_show_secrets() {
    assert!(!format!("{:?}", keys()).contains("hunter2"));
}
