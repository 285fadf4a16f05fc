//! Requests and answers, byte by byte where it matters.

use crate::support::{Client, start};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_has_the_envelope_of_rds_and_one_request_id() {
    let running = start().await;
    let answer = Client::of(running.sandbox.status()).call("DescribeDBClusters", "");
    let id = answer.text("RequestId").unwrap();
    assert_eq!(
        answer.body.replace(id, "ID"),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <DescribeDBClustersResponse xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\">\
         <DescribeDBClustersResult><DBClusters/></DescribeDBClustersResult>\
         <ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata>\
         </DescribeDBClustersResponse>"
    );
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains(&format!("x-amzn-requestid: {id}")), "{}", answer.head);
    assert!(answer.head.contains("content-type: text/xml"), "{}", answer.head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_has_the_envelope_of_rds() {
    let running = start().await;
    let answer = Client::of(running.sandbox.status()).call("DescribeDBClusters", "DBClusterIdentifier=nobody");
    let (id, message) = (answer.text("RequestId").unwrap(), answer.text("Message").unwrap());
    assert_eq!(
        answer.body.replace(id, "ID").replace(message, "MESSAGE"),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <ErrorResponse xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\">\
         <Error><Type>Sender</Type><Code>DBClusterNotFoundFault</Code><Message>MESSAGE</Message></Error>\
         <RequestId>ID</RequestId></ErrorResponse>"
    );
    assert_eq!(answer.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_not_one_is_refused_with_the_code_of_aws() {
    let running = start().await;
    let client = Client::of(running.sandbox.status());
    let signed = client.authorization("rds");
    for (form, status, code) in [
        ("Action=DescribeEverything&Version=2014-10-31", 400, "InvalidAction"),
        ("Action=DescribeDBClusters&Version=2009-01-01", 400, "InvalidAction"),
        ("Version=2014-10-31", 400, "MissingAction"),
        ("Action=&Version=2014-10-31", 400, "MissingAction"),
        ("Action=%zz", 400, "MalformedQueryString"),
        ("Action=DescribeDBClusters&Colour=red", 400, "ValidationError"),
        ("Action=DescribeDBClusters&MaxRecords=many", 400, "InvalidParameterValue"),
        ("Action=DescribeDBClusters&MaxRecords=20&MaxRecords=30", 400, "InvalidParameterValue"),
        ("Action=DescribeDBClusters&DBClusterIdentifier=%07", 400, "InvalidParameterValue"),
        ("Action=DeleteDBCluster", 400, "MissingParameter"),
        ("Action=ModifyDBCluster&DBClusterIdentifier=a&Domain=b", 400, "InvalidParameterValue"),
    ] {
        let answer = client.post(form, &[("authorization", &signed)]).unwrap();
        assert_eq!(answer.refusal(), (status, code), "{form}: {}", answer.body);
    }
    for (method, target, content_type) in
        [("PUT", "/", FORM.1), ("POST", "/elsewhere", FORM.1), ("POST", "/", "application/json")]
    {
        let headers = [("content-type", content_type), ("authorization", signed.as_str())];
        let answer = client.send(method, target, &headers, b"Action=DescribeDBClusters").unwrap();
        assert_eq!(answer.refusal(), (400, "MalformedQueryString"), "{method} {target} {content_type}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_not_signed_as_it_must_be_is_refused() {
    let running = start().await;
    let client = Client::of(running.sandbox.status());
    let form = "Action=DescribeDBClusters";
    let scope = "Credential=111122223333/20260801/eu-west-1/rds/aws4_request";
    for (header, status, code) in [
        ("", 403, "MissingAuthenticationToken"),
        ("Basic dXNlcjpwYXNz", 400, "IncompleteSignature"),
        (&format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host"), 400, "IncompleteSignature"),
        (&client.authorization("rds").replace("111122223333", "AKIANOBODY"), 403, "InvalidClientTokenId"),
    ] {
        let answer = client.post(form, &[("authorization", header)]).unwrap();
        assert_eq!(answer.refusal(), (status, code), "{header}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_and_a_presigned_address_do_what_a_post_does() {
    let running = start().await;
    let client = Client::of(running.sandbox.status());
    let signed = client.authorization("rds");
    let target = "/?Action=DescribeDBClusters&Version=2014-10-31";
    let get = client.send("GET", target, &[("authorization", &signed)], b"").unwrap();
    assert_eq!(get.status, 200, "{}", get.body);
    let presigned = format!(
        "{target}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20260801T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host\
         &X-Amz-Credential=111122223333%2F20260801%2Feu-west-1%2Frds%2Faws4_request"
    );
    let unsigned = client.send("GET", &presigned, &[], b"").unwrap();
    assert_eq!(unsigned.refusal(), (400, "IncompleteSignature"));
    let signed = client.send("GET", &format!("{presigned}&X-Amz-Signature=0"), &[], b"").unwrap();
    assert_eq!(signed.status, 200, "{}", signed.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_looks_like_markup_comes_back_as_text() {
    let running = start().await;
    let client = Client::of(running.sandbox.status());
    let answer = client.call(
        "CreateDBClusterParameterGroup",
        "DBClusterParameterGroupName=plain&DBParameterGroupFamily=aurora-postgresql15&Description=%3C%2FDescription%3E%26%22%F0%9F%90%98",
    );
    assert_eq!(answer.status, 200, "{}", answer.body);
    let description = answer.text("Description").unwrap();
    assert!(!description.contains('<') && description.contains("&lt;/Description&gt;&amp;"), "{description}");
    assert!(description.ends_with('\u{1f418}'), "{description}");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_any_request_needs_is_not_read() {
    let running = start().await;
    let client = Client::of(running.sandbox.status());
    let signed = client.authorization("rds");
    let body = vec![b'a'; 300 * 1024];
    let answer = client.send("POST", "/", &[FORM, ("authorization", &signed)], &body);
    // The server may close while the client still sends; then there is no answer to read.
    assert!(answer.is_none_or(|answer| answer.status == 413));
    let long = "a".repeat(100 * 1024);
    let answer = client.send("GET", "/", &[("x-long", &long)], b"");
    assert!(answer.as_ref().is_none_or(|answer| answer.status == 431), "{answer:?}");
    assert_eq!(client.call("DescribeDBClusters", "").status, 200, "the sandbox goes on");
}
