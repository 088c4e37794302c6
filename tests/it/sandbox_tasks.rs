//! Asynchronous calls in the sandbox: the queue, the tasks and the operations on them.

use serde_json::Value;

use super::service::{Answer, Service, is_gone, service, until};

const FUNCTIONS: &str = r#"
  - { name: echo, builtin: echo, versions: ["1"], aliases: { prod: "1" } }
  - { service: demo, name: echo, builtin: echo, versions: ["1"], aliases: { prod: "1" } }
  - name: fails
    command: [sh, -c, "echo run >> runs; echo broken on purpose >&2; exit 1"]
    async: { max_retries: 2 }
  - { name: stays, command: [sh, -c, "echo $$ > pid; exec sleep 600"] }
  - { name: forgets, command: [sh, -c, "echo run >> runs"], async: { task: false } }
"#;

/// The operations on tasks as each generation has them.
struct Api {
    invoke: &'static str,
    tasks: &'static str,
    /// What follows a task's path to stop it.
    stop: &'static str,
    header: &'static str,
    names: [&'static str; 5],
    used: &'static str,
    unknown: &'static str,
}

const APIS: [Api; 3] = [
    Api {
        invoke: "/2016-08-15/services/demo/functions/echo/invocations",
        tasks: "/2016-08-15/services/demo/functions/echo/stateful-async-invocations",
        stop: "",
        header: "x-fc-stateful-async-invocation-id",
        names: FC2,
        used: "StatefulAsyncInvocationAlreadyExists",
        unknown: "StatefulAsyncInvocationNotFound",
    },
    Api {
        invoke: "/2021-04-06/services/demo/functions/echo/invocations",
        tasks: "/2021-04-06/services/demo/functions/echo/stateful-async-invocations",
        stop: "",
        header: "x-fc-stateful-async-invocation-id",
        names: FC2,
        used: "StatefulAsyncInvocationAlreadyExists",
        unknown: "StatefulAsyncInvocationNotFound",
    },
    Api {
        invoke: "/2023-03-30/functions/echo/invocations",
        tasks: "/2023-03-30/functions/echo/async-tasks",
        stop: "/stop",
        header: "x-fc-async-task-id",
        names: [
            "taskId",
            "taskPayload",
            "taskErrorMessage",
            "tasks",
            "prefix",
        ],
        used: "AsyncTaskAlreadyExists",
        unknown: "AsyncTaskNotFound",
    },
];

const FC2: [&str; 5] = [
    "invocationId",
    "invocationPayload",
    "invocationErrorMessage",
    "invocations",
    "invocationIdPrefix",
];

const ASYNC: (&str, &str) = ("x-fc-invocation-type", "Async");

fn sandbox() -> Service {
    service(FUNCTIONS, &[])
}

impl Api {
    fn submit(&self, sandbox: &Service, id: &str, event: &str) -> Answer {
        let headers = [ASYNC, (self.header, id)];
        sandbox.call("POST", self.invoke, &headers, event.to_owned())
    }

    fn get(&self, sandbox: &Service, id: &str) -> Answer {
        sandbox.call("GET", &format!("{}/{id}", self.tasks), &[], "")
    }

    fn stop(&self, sandbox: &Service, id: &str) -> Answer {
        let target = format!("{}/{id}{}", self.tasks, self.stop);
        sandbox.call("PUT", &target, &[], "")
    }

    fn ended(&self, sandbox: &Service, id: &str) -> Value {
        ended(sandbox, &format!("{}/{id}", self.tasks))
    }
}

/// The task once it has come to its end.
fn ended(sandbox: &Service, target: &str) -> Value {
    let mut task = Value::Null;
    until("the task's end", || {
        task = sandbox.call("GET", target, &[], "").json();
        task["endTime"] != 0
    });
    task
}

fn submit(sandbox: &Service, function: &str, id: &str) {
    let target = format!("/2023-03-30/functions/{function}/invocations");
    let headers = [ASYNC, ("x-fc-async-task-id", id)];
    assert_eq!(sandbox.call("POST", &target, &headers, "").status, 202);
}

fn states(task: &Value) -> Vec<&str> {
    let events = task["events"].as_array().unwrap().iter();
    events
        .map(|event| event["status"].as_str().unwrap())
        .collect()
}

#[test]
fn a_task_can_be_followed_to_its_end() {
    let sandbox = sandbox();
    for api in APIS {
        let id = format!("job_{}", &api.tasks[1..5]);
        let answer = api.submit(&sandbox, &id, "the event");
        assert_eq!((answer.status, answer.body.len()), (202, 0));
        assert_eq!(answer.header(api.header), id);
        let task = api.ended(&sandbox, &id);
        let [id_key, payload, error, ..] = api.names;
        assert_eq!(task[id_key], id);
        assert_eq!(task["status"], "Succeeded");
        assert_eq!(task["requestId"], answer.header("x-fc-request-id"));
        assert_eq!(task["qualifier"], "LATEST");
        assert_eq!(task["returnPayload"], "the event");
        assert_eq!(task[payload], "the event");
        assert_eq!(task[error], "");
        assert_eq!(task["alreadyRetriedTimes"], 0);
        assert_eq!(task["instanceId"], "c-sandbox-echo");
        assert!(task["durationMs"].is_u64());
        assert!(task["startedTime"].as_i64() <= task["endTime"].as_i64());
        assert_eq!(states(&task), ["Enqueued", "Running", "Succeeded"]);
        let event = &task["events"][2];
        assert_eq!(event["eventId"], 3);
        assert_eq!(event["timestamp"], task["endTime"]);
        if api.stop.is_empty() {
            assert_eq!(
                (&task["serviceName"], &task["functionName"]),
                (&"demo".into(), &"echo".into())
            );
        } else {
            assert_eq!(
                task["functionArn"],
                "acs:fc:cn-hangzhou:1234567890123456:functions/echo"
            );
        }
    }
}

#[test]
fn a_call_without_an_id_goes_by_its_request_s() {
    let sandbox = sandbox();
    for api in APIS {
        let answer = api.submit(&sandbox, "", "");
        assert_eq!(answer.status, 202);
        let id = answer.header(api.header).to_owned();
        assert_eq!(id, answer.header("x-fc-request-id"));
        assert_eq!(api.ended(&sandbox, &id)["status"], "Succeeded");
    }
}

#[test]
fn an_id_is_good_once() {
    let sandbox = sandbox();
    for api in APIS {
        let id = format!("once-{}", &api.tasks[1..5]);
        assert_eq!(api.submit(&sandbox, &id, "").status, 202);
        let again = api.submit(&sandbox, &id, "").code();
        assert_eq!(again, (409, api.used.to_owned()));
        // Synchronous calls have none.
        let answer = sandbox.call("POST", api.invoke, &[(api.header, &id)], "");
        assert_eq!(answer.status, 200);
    }
}

#[test]
fn an_id_that_cannot_be_one_is_refused() {
    let sandbox = sandbox();
    for api in APIS {
        for id in ["1job", "a b", "a.b", &"a".repeat(129)] {
            let (status, code, message) = api.submit(&sandbox, id, "").refusal();
            assert_eq!((status, code.as_str()), (400, "InvalidArgument"));
            assert!(message.contains(id), "{message}");
        }
        let longest = format!("_{}{}", &api.tasks[1..5], "a-".repeat(61) + "a");
        assert_eq!(
            (longest.len(), api.submit(&sandbox, &longest, "").status),
            (128, 202)
        );
    }
}

#[test]
fn a_function_that_fails_is_called_again_as_often_as_it_may() {
    let sandbox = sandbox();
    submit(&sandbox, "fails", "job");
    let task = ended(&sandbox, "/2023-03-30/functions/fails/async-tasks/job");
    assert_eq!(task["status"], "Failed");
    assert_eq!(task["alreadyRetriedTimes"], 2);
    assert_eq!(task["taskErrorMessage"], "UnhandledInvocationError");
    let result = task["returnPayload"].as_str().unwrap();
    assert!(result.contains("Process exited unexpectedly"), "{result}");
    let expected = [
        "Enqueued", "Running", "Retrying", "Running", "Retrying", "Running", "Failed",
    ];
    assert_eq!(states(&task), expected);
    assert_eq!(
        task["events"][6]["eventDetail"],
        r#"{"Error":"UnhandledInvocationError"}"#
    );
    let runs = std::fs::read_to_string(sandbox.path("runs")).unwrap();
    assert_eq!(runs, "run\n".repeat(3));
}

#[test]
fn a_task_that_is_stopped_leaves_no_process() {
    let sandbox = sandbox();
    submit(&sandbox, "stays", "job");
    let pid = sandbox.pid_in("pid");
    let target = "/2023-03-30/functions/stays/async-tasks/job";
    let running = sandbox.call("GET", target, &[], "").json();
    assert_eq!(
        (&running["status"], &running["endTime"]),
        (&"Running".into(), &0.into())
    );
    let answer = sandbox.call("PUT", &format!("{target}/stop"), &[], "");
    assert_eq!((answer.status, answer.text().as_str()), (200, "{}"));
    let task = ended(&sandbox, target);
    assert_eq!(
        states(&task),
        ["Enqueued", "Running", "Stopping", "Stopped"]
    );
    until("the command's end", || is_gone(pid));
}

#[test]
fn what_has_ended_cannot_be_stopped_and_what_is_unknown_is_not_there() {
    let sandbox = sandbox();
    for api in APIS {
        let id = format!("done-{}", &api.tasks[1..5]);
        api.submit(&sandbox, &id, "");
        api.ended(&sandbox, &id);
        let stopped = api.stop(&sandbox, &id).code();
        assert_eq!(stopped, (412, "PreconditionFailed".to_owned()));
        for answer in [api.get(&sandbox, "no"), api.stop(&sandbox, "no")] {
            let (status, code, message) = answer.refusal();
            assert_eq!((status, code.as_str()), (404, api.unknown));
            assert!(message.ends_with("'no' does not exist"), "{message}");
        }
    }
}

#[test]
fn a_list_has_what_is_asked_for_page_by_page() {
    let sandbox = sandbox();
    for api in APIS {
        let year = &api.tasks[1..5];
        let ids: Vec<String> = (0..5)
            .map(|number| format!("list{year}-{number}"))
            .collect();
        for id in &ids {
            api.submit(&sandbox, id, "event");
            api.ended(&sandbox, id);
        }
        let [id_key, payload, _, list_key, prefix] = api.names;
        let list = |query: &str| {
            let target = format!("{}?{prefix}=list{year}&{query}", api.tasks);
            sandbox.call("GET", &target, &[], "").json()
        };
        let names = |list: &Value| -> Vec<String> {
            let tasks = list[list_key]
                .as_array()
                .unwrap_or_else(|| panic!("{list}"));
            let names = tasks.iter().map(|task| task[id_key].as_str().unwrap());
            names.map(str::to_owned).collect()
        };
        let newest_first: Vec<String> = ids.iter().rev().cloned().collect();
        assert_eq!(names(&list("")), newest_first);
        assert_eq!(names(&list("sortOrderByTime=desc")), newest_first);
        assert_eq!(names(&list("sortOrderByTime=asc")), ids);
        for order in ["asc", "desc"] {
            let whole = names(&list(&format!("sortOrderByTime={order}")));
            let (mut seen, mut token) = (Vec::new(), String::new());
            loop {
                let page = list(&format!(
                    "limit=2&sortOrderByTime={order}&nextToken={token}"
                ));
                seen.push(names(&page));
                match page["nextToken"].as_str() {
                    Some(next) => token = next.to_owned(),
                    None => break,
                }
            }
            let sizes: Vec<usize> = seen.iter().map(Vec::len).collect();
            assert_eq!((seen.concat(), sizes), (whole, vec![2, 2, 1]));
        }
        assert_eq!(names(&list("status=Succeeded")).len(), 5);
        assert_eq!(names(&list("status=Failed")).len(), 0);
        let times: Vec<i64> = list("sortOrderByTime=asc")[list_key]
            .as_array()
            .unwrap()
            .iter()
            .map(|task| task["startedTime"].as_i64().unwrap())
            .collect();
        let since = |time: i64| times.iter().filter(|known| **known >= time).count();
        let begun = list(&format!("startedTimeBegin={}", times[2]));
        assert_eq!(names(&begun).len(), since(times[2]));
        let before = list(&format!("startedTimeEnd={}", times[0] - 1));
        assert_eq!(names(&before).len(), 0);
        assert_eq!(list("")[list_key][0][payload], Value::Null);
        assert_eq!(list("includePayload=true")[list_key][0][payload], "event");
        for bad in [
            "status=Done",
            "limit=0",
            "limit=101",
            "sortOrderByTime=up",
            "nextToken=x",
        ] {
            let target = format!("{}?{bad}", api.tasks);
            let refused = sandbox.call("GET", &target, &[], "").code();
            assert_eq!(refused, (400, "InvalidArgument".to_owned()), "{bad}");
        }
    }
}

#[test]
fn a_task_is_of_the_version_that_was_called() {
    let sandbox = sandbox();
    let (invoke, tasks) = (APIS[2].invoke, APIS[2].tasks);
    let headers = [ASYNC, ("x-fc-async-task-id", "job")];
    sandbox.call("POST", &format!("{invoke}?qualifier=prod"), &headers, "");
    let task = ended(&sandbox, &format!("{tasks}/job"));
    assert_eq!(task["qualifier"], "prod");
    let status = |query: &str| {
        let target = format!("{tasks}/job?qualifier={query}");
        sandbox.call("GET", &target, &[], "").status
    };
    assert_eq!(
        (status("prod"), status("LATEST"), status("1")),
        (200, 404, 404)
    );
}

#[test]
fn without_task_mode_a_call_is_made_and_forgotten() {
    let sandbox = sandbox();
    submit(&sandbox, "forgets", "job");
    submit(&sandbox, "forgets", "job");
    let runs = || std::fs::read_to_string(sandbox.path("runs")).unwrap_or_default();
    until("both runs", || runs() == "run\nrun\n");
    let tasks = "/2023-03-30/functions/forgets/async-tasks";
    let unknown = sandbox.call("GET", &format!("{tasks}/job"), &[], "").code();
    assert_eq!(unknown, (404, "AsyncTaskNotFound".to_owned()));
    let list = sandbox.call("GET", tasks, &[], "").json();
    assert_eq!(list["tasks"], Value::Array(Vec::new()));
}

#[test]
fn tasks_are_for_those_who_may() {
    let sandbox = sandbox();
    for (method, target) in [
        ("GET", "/2023-03-30/functions/echo/async-tasks"),
        ("GET", "/2023-03-30/functions/echo/async-tasks/job"),
        ("PUT", "/2023-03-30/functions/echo/async-tasks/job/stop"),
    ] {
        let answer = sandbox.send(&sandbox.signed("intern", method, target, &[], ""));
        let (status, code, message) = answer.refusal();
        assert_eq!((status, code.as_str()), (403, "AccessDenied"), "{message}");
    }
    let denied = sandbox.signed("intern", "POST", APIS[2].invoke, &[ASYNC], "");
    assert_eq!(sandbox.send(&denied).code().0, 403);
    let list = sandbox.call("GET", APIS[2].tasks, &[], "").json();
    assert_eq!(list["tasks"], Value::Array(Vec::new()));
}
