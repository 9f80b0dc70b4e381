//! What an edge adds, measured against the reference world's own relay, which adds what it is told to.

use serde_json::Value;

use super::desk::Desk;

/// Two edges, the outer one on top of the inner one, each with a delay of its own in milliseconds.
fn layered(inner: u32, outer: u32) -> Desk {
    let desk = Desk::new();
    let edges = format!(
        "summary = 'Two slow edges.'\nmatrix = 'edge'\n[edge]\ndelay-ms = {inner}\n\
         [edge-2]\nupstream = '127.0.0.1:{{edge.port}}'\nforwarded = 'append'\ndelay-ms = {outer}\n\
         [client]\nedge = ['inner=http://127.0.0.1:{{edge.port}}', 'outer=http://127.0.0.1:{{edge-2.port}}']\n[expect]\nexit = 0\n"
    );
    desk.put("slow.toml", edges);
    desk
}

fn run(desk: &Desk, format: &str) -> String {
    let args = ["run", "edge", "--reference", "--fault", "slow.toml", "--format", format, "--save", "run.jsonl"];
    let done = desk.run(&args);
    assert_eq!(done.status, 0, "{}\n{}", done.out, done.err);
    done.out
}

/// The numbers of `pair[a,b]`: what a adds, and by how many pairs.
fn pair(report: &Value, a: &str, b: &str) -> (f64, i64) {
    let of_pair = |f: &&Value| f["table"] == "pair" && f["key"]["a"] == a && f["key"]["b"] == b;
    let facts: Vec<&Value> = report["facts"].as_array().unwrap().iter().filter(of_pair).collect();
    let value = |field: &str| facts.iter().find(|f| f["field"] == field).unwrap()["value"].clone();
    (value("added").as_f64().unwrap_or(f64::NAN), value("pairs").as_i64().unwrap_or_default())
}

/// What was planted, and what of it was measured otherwise; nothing when all of it came out.
fn off(desk: &Desk) -> Vec<String> {
    let report: Value = serde_json::from_str(&run(desk, "json")).unwrap();
    let planted = [
        ("here/edge:inner", "here/local", 50.0),
        ("here/edge:outer", "here/edge:inner", 30.0),
        ("here/edge:outer", "here/local", 80.0),
        ("here/local", "here/edge:inner", -50.0),
    ];
    let wrong = planted.into_iter().filter_map(|(a, b, planted)| {
        let (added, pairs) = pair(&report, a, b);
        assert_eq!(pairs, 20, "{a} beside {b}");
        // Ten per cent of what is looked for, and never less than what a hop costs by itself.
        let right = (added - planted).abs() <= f64::max(planted.abs() * 0.1, 5.0);
        (!right).then(|| format!("{a} adds {added} ms to {b}, not {planted}"))
    });
    wrong.collect()
}

#[test]
fn fifty_milliseconds_of_an_edge_are_measured_as_fifty_hop_by_hop() {
    let desk = layered(50, 30);
    // Time is measured here, beside two hundred other tests: a machine that is out of breath may try again.
    let mut wrong = off(&desk);
    for _ in 0..2 {
        if !wrong.is_empty() {
            wrong = off(&desk);
        }
    }
    assert_eq!(wrong, [""; 0]);
    // Every sample is kept, and the recording alone tells the same.
    let recording = desk.read("run.jsonl");
    let series: Vec<Value> = recording.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let after = series.iter().filter(|line| line["type"] == "series" && line["quantity"] == "after");
    assert_eq!(after.map(|line| line["samples"].as_array().unwrap().len()).collect::<Vec<_>>(), [20, 20, 20]);
    let told = desk.run(&["report", "run.jsonl"]).out;
    for words in ["edge:inner ", " to local (median of 20 pairs", "edge:outer ", " to edge:inner (median of 20 pairs"] {
        assert!(told.contains(words), "{words}: {told}");
    }
}
