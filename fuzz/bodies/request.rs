//! Any bytes as the body of a request to the sandbox: they are read as a call, or refused with a text that its sender may see.

use aurora_restore_sandbox::read_form;

pub(crate) fn run(data: &[u8]) {
    let read = read_form(data);
    assert_eq!(read, read_form(data), "nothing is remembered from one request to the next");
    if let Err(refusal) = read {
        assert!(!refusal.is_empty());
    }
}
