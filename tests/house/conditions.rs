//! The condition language from end to end: rows as people write them, over evidence as people write it.

use clawprobe::code::Code;
use clawprobe::judge::condition::fence::{self, Expect};
use clawprobe::judge::condition::{Condition, Each, Template, Truth};

/// A row without its prose.
struct Row {
    code: &'static str,
    each: &'static str,
    when: &'static str,
    lead: Option<&'static str>,
}

const WS_01: Row = Row {
    code: "WS-01",
    each: "e in path where e.class == edge",
    when: "upgrade@e.outcome in [plain-answer, refused]
and (upgrade@e.arrived == no or upgrade@e.author == edge)
and upgrade@direct(e).outcome == switched
and pair(e, direct(e)).same-gateway != refuted",
    lead: Some(
        "upgrade@e.outcome in [plain-answer, refused] and upgrade@e.arrived == no and http@e[probe=health].author == gateway",
    ),
};

const DNS_02: Row = Row {
    code: "DNS-02",
    each: "s in site",
    when: "any q in dns@s where q.resolver == quad100: q.class == tailnet
and any r in dns@s where r.resolver != quad100: r.class not in [tailnet, none]",
    lead: None,
};

const CFG_04: Row = Row {
    code: "CFG-04",
    each: "g in site where g.role == gateway-host",
    when: "distinct(s.value for s in setting@g where s.key == port) > 1",
    lead: None,
};

/// A self-join, as ghosts of nodes are found: two sockets of one port that belong to different processes.
const GHOST: Row = Row {
    code: "LISTEN-90",
    each: "n in listener",
    when: "n.reach == loopback and any m in listener where m.port == n.port: m.address != n.address and m.pid != n.pid",
    lead: None,
};

impl Row {
    fn each(&self) -> Each {
        Each::parse(self.each).unwrap()
    }

    fn when(&self) -> Condition {
        Condition::parse(self.when, &self.each()).unwrap()
    }

    /// What the row makes of a fence, beside what the fence says.
    fn judge(&self, text: &str) -> (Expect, Expect) {
        let fence = fence::parse(text).unwrap_or_else(|m| panic!("{text}: {m:?}"));
        let lead = self.lead.map(|lead| Condition::parse(lead, &self.each()).unwrap());
        (fence.judge(&self.each(), &self.when(), lead.as_ref()).unwrap(), fence.expect)
    }

    fn agrees(&self, fences: &[&str]) {
        for text in fences {
            let (judged, expected) = self.judge(text);
            assert_eq!(judged, expected, "{} makes {judged} of\n{text}", self.code);
        }
    }

    /// Ids of the instances that hold, and of those that are unknown.
    fn found(&self, text: &str) -> (Vec<String>, Vec<String>) {
        let fence = fence::parse(text).unwrap();
        let code: Code = self.code.parse().unwrap();
        let (mut holds, mut unknown) = (Vec::new(), Vec::new());
        for instance in self.each().instances(&fence.world()) {
            match self.when().eval(&fence.world(), &instance).truth {
                Truth::True => holds.push(instance.id(&code)),
                Truth::Unknown => unknown.push(instance.id(&code)),
                Truth::False => {}
            }
        }
        (holds, unknown)
    }
}

const SWITCHED_INSIDE: &str = "present
path here/edge:corp class=edge
upgrade@here/edge:corp.outcome = plain-answer
upgrade@here/edge:corp.arrived = no
upgrade@here/edge:corp.author = gateway
upgrade@here/edge:corp.status = 200
upgrade@here/edge:corp.server = nginx
upgrade@here/local.outcome = switched
upgrade@here/local.address = 127.0.0.1:18789
pair[a=here/edge:corp,b=here/local].same-gateway = assumed";

#[test]
fn an_edge_that_drops_the_upgrade() {
    WS_01.agrees(&[
        SWITCHED_INSIDE,
        "clear
path here/edge:corp class=edge
upgrade@here/edge:corp.outcome = switched
upgrade@here/local.outcome = switched
pair[a=here/edge:corp,b=here/local].same-gateway = proven",
        "suspected
path laptop/edge:corp class=edge
upgrade@laptop/edge:corp.outcome = plain-answer
upgrade@laptop/edge:corp.arrived = no
http@laptop/edge:corp[probe=health].author = gateway
upgrade@gw/local.outcome = not measured: not-planned",
        "unknown
path here/edge:corp class=edge
upgrade@here/edge:corp.outcome = not measured: deadline
upgrade@here/local.outcome = switched",
    ]);
}

#[test]
fn two_sites_and_several_edges_are_told_apart() {
    let text = "present
site gw role=gateway-host
site laptop role=client
path laptop/edge:corp
path laptop/edge:other
path laptop/tunnel:office
path gw/lan
path gw/local
upgrade@laptop/edge:corp.outcome = refused
upgrade@laptop/edge:corp.arrived = unknown
upgrade@laptop/edge:corp.author = edge
upgrade@laptop/edge:other.outcome = refused
upgrade@laptop/edge:other.author = edge
upgrade@laptop/tunnel:office.outcome = plain-answer
upgrade@laptop/tunnel:office.arrived = not measured: deadline
upgrade@laptop/tunnel:office.author = gateway
upgrade@gw/local.outcome = switched
upgrade@gw/lan.outcome = closed
pair[a=laptop/edge:corp,b=gw/local].same-gateway = proven
pair[a=laptop/edge:other,b=gw/local].same-gateway = refuted
pair[a=laptop/tunnel:office,b=gw/local].same-gateway = assumed";
    // The other edge leads to another gateway, so it is compared with the next direct path, which does not switch either.
    let (holds, unknown) = WS_01.found(text);
    assert_eq!(holds, ["WS-01@laptop/edge:corp"]);
    assert_eq!(unknown, ["WS-01@laptop/tunnel:office"]);
}

#[test]
fn the_finding_is_told_with_its_facts() {
    let fence = fence::parse(SWITCHED_INSIDE).unwrap();
    let each = WS_01.each();
    let instance = &each.instances(&fence.world())[0];
    let evidence: Vec<String> =
        WS_01.when().eval(&fence.world(), instance).evidence().iter().map(|(id, cell)| format!("{id} = {cell}")).collect();
    assert_eq!(
        evidence,
        [
            "upgrade@here/edge:corp[offer=http1,as=plain].outcome = plain-answer",
            "upgrade@here/edge:corp[offer=http1,as=plain].arrived = no",
            "upgrade@here/local[offer=http1,as=plain].outcome = switched",
            "pair[a=here/edge:corp,b=here/local].same-gateway = assumed",
        ]
    );
    let observed = "{e} answered {upgrade@e.status} from {upgrade@e.server}; the same request to {upgrade@direct(e).address} was \
                    switched.";
    let sentence = Template::parse(observed, &each).unwrap().render(&fence.world(), instance);
    assert_eq!(sentence, "edge:corp answered 200 from nginx; the same request to 127.0.0.1:18789 was switched.");
}

#[test]
fn resolvers_that_disagree() {
    let quad = "dns@here[resolver=quad100,name=gw.lab.ts.net,type=A,answer=1].class = tailnet";
    let corp = |class: &str| format!("dns@here[resolver=corp,name=gw.lab.ts.net,type=A,answer=1].class = {class}");
    DNS_02.agrees(&[
        &format!("present\n{quad}\n{}", corp("public")),
        &format!("present\n{quad}\n{}\ndns@here = incomplete: truncated", corp("public")),
        &format!("clear\n{quad}\n{}", corp("tailnet")),
        &format!("clear\n{quad}\n{}", corp("none")),
        &format!("clear\n{}", corp("public")),
        "clear\ndns@here = complete",
        &format!("unknown\n{quad}\n{}", corp("not measured: deadline")),
        &format!("unknown\n{quad}\ndns@here = incomplete: deadline"),
        "unknown\nsite here",
    ]);
    let there = format!("present\n{quad}\n{}\nsite laptop", corp("public"));
    assert_eq!(DNS_02.found(&there), (vec!["DNS-02@here".to_owned()], vec!["DNS-02@laptop".to_owned()]));
}

#[test]
fn settings_that_disagree() {
    let set = |source: &str, port: &str| format!("setting@gw[source={source},key=port].value = {port}\n");
    let host = "site gw role=gateway-host\n";
    CFG_04.agrees(&[
        &format!("present\n{host}{}{}", set("file", "18789"), set("unit", "18790")),
        &format!("present\n{host}{}{}setting@gw = incomplete: not-permitted", set("file", "18789"), set("unit", "18790")),
        &format!("clear\n{host}{}{}", set("file", "18789"), set("unit", "18789")),
        &format!("clear\n{host}{}{}", set("file", "18789"), set("unit", "absent")),
        &format!("clear\n{host}{}setting@gw[source=unit,key=bind].value = lan", set("file", "18789")),
        &format!("clear\nsite gw role=client\n{}{}", set("file", "18789"), set("unit", "18790")),
        &format!("unknown\n{host}{}{}", set("file", "18789"), set("unit", "not measured: not-permitted")),
        &format!("unknown\n{host}{}setting@gw = incomplete: not-permitted", set("file", "18789")),
        &format!("unknown\n{host}"),
    ]);
}

#[test]
fn rows_that_are_compared_with_each_other() {
    let socket = |address: &str, pid: &str| {
        format!(
            "listener@gw[address={address},port=18789].reach = loopback\nlistener@gw[address={address},port=18789].pid = {pid}\n"
        )
    };
    let both = format!("present\n{}{}", socket("127.0.0.1", "7"), socket("::1", "8"));
    assert_eq!(GHOST.found(&both).0, ["LISTEN-90@gw[address=127.0.0.1,port=18789]", "LISTEN-90@gw[address=::1,port=18789]"]);
    GHOST.agrees(&[
        &both,
        &format!("clear\n{}{}", socket("127.0.0.1", "7"), socket("::1", "7")),
        "clear\nlistener@gw = complete",
        &format!("unknown\n{}{}", socket("127.0.0.1", "7"), socket("::1", "not measured: not-permitted")),
        &format!("unknown\n{}listener@gw = incomplete: not-permitted", socket("127.0.0.1", "7")),
        "unknown\nlistener@gw = not measured: not-permitted",
    ]);
}
