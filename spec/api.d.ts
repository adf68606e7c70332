// SPDX-License-Identifier: Apache-2.0
// Made of spec/openapi.json by ci/api-types. Numbers up to 2^63-1 are exact up to 2^53.

/** The SHA-256 of a header's bytes: the id of a message, and of the case that it opens. */
export type Id = string;

/** An id, or its first digits (at least 4) where only one id begins so. */
export type IdBeginning = string;

export type Sha256 = string;

/** RFC 3339, UTC, whole seconds. */
export type Time = string;

/** As Time; null for what did not happen (yet). */
export type TimeOrNull = string | null;

/** Eight groups of five digits, compared by voice. */
export type Digits = string;

/** A node's local name. */
export type Name = string;

/** A node's local name; its origin when it is no partner here. */
export type Node = string;

/** A text in each language. */
export type Labels = {
  ar: string;
  fr: string;
  en: string;
  es: string;
  pt: string;
};

/** A problem document (RFC 9457). detail is one sentence: what happened, where, what to do or what is allowed. */
export type Problem = {
  type: "about:blank";
  /** The code in words. */
  title: string;
  status: number;
  detail: string;
  code: "usage" | "method" | "media-type" | "not-found" | "unknown-partner" | "no-legal-basis" | "refused-by-policy" | "invalid-transition" | "partner-suspended" | "evidence" | "signature" | "inclusion" | "consistency" | "fork" | "rollback" | "commitment" | "hash" | "unseal" | "wrong-key" | "number" | "equivocation" | "not-a-party" | "unknown-kind" | "unreachable" | "syntax" | "utf8" | "too-large" | "too-deep" | "duplicate-key" | "unknown-field" | "field" | "date" | "exists" | "conflict" | "permission" | "protocol" | "busy" | "timeout" | "disk-full" | "clock" | "not-running" | "port-in-use" | "io" | "memory" | "corrupt" | "internal" | "waits-for-release" | "login";
  /** What is wrong, when it is a field, a parameter or a header field: a path such as parts[0].name. */
  field?: string;
};

/** id is null when a second person must release it first: `release` says under which number it is held, and until when. */
export type Created = {
  id: Id | null;
  release?: {
    number: number;
    asks: Approval;
    until: Time;
    message: Id;
  };
  /** Where no more was asked than whether it may go: id is null, and this says by which clause, and who else must say yes. */
  check?: {
    asks: Approval;
    to: {
      partner: Name;
      /** Empty where none is needed. */
      clause: string;
    }[];
  };
  /** What goes without a row, as an emergency: to whom, and the case that tells them. null: nothing does. */
  emergency: {
    case: Id;
    to: Name[];
  } | null;
  /** To whom it goes under the derogation that was asked for; empty: none is needed, or none was asked for. */
  derogated: Name[];
  /** Free text that seems to hold personal data, while the form has no record of a person: a hint, and no refusal. */
  warnings: ({
    field: string;
    what: "email" | "phone" | "birth" | "document" | "mrz";
    /** In characters. */
    place: number;
  })[];
  exercise: boolean;
  unused_rows: UnusedRows;
  end: Ending;
};

export type Approval = "officer" | "supervisor" | "authority";

export type ReleaseState = "waiting" | "released" | "refused" | "withdrawn" | "over" | "erased";

/** Of an end of an agreement: from when on it frees, and whether that is shorter than the notice agreed. */
export type Ending = {
  on: TimeOrNull;
  /** 0: none was agreed. */
  notice_days: number;
  shorter: boolean;
} | null;

/** Of a message that a second person had to release: message is its id as it was held, sent as it went. */
export type Released = {
  number: number;
  state: ReleaseState;
  asks: Approval;
  /** Who submitted it. */
  person: string;
  held: TimeOrNull;
  until: TimeOrNull;
  message: Id;
  sent: Id | null;
  /** Who decided; empty while it waits. */
  by: string;
  at: TimeOrNull;
  reason: string;
  derogation: Derogation;
} | null;

export type Release = {
  number: number;
  state: ReleaseState;
  asks: Approval;
  /** Who submitted it. */
  person: string;
  held: TimeOrNull;
  until: TimeOrNull;
  message: Id;
  sent: Id | null;
  /** Who decided; empty while it waits. */
  by: string;
  at: TimeOrNull;
  reason: string;
  derogation: Derogation;
  kind: string;
  kind_version: KindVersion;
  type: string;
  exercise: boolean;
  parties: Node[];
  case: Id | null;
};

export type Releases = {
  /** How many wait in all. */
  waiting: number;
  releases: Release[];
};

export type PartnerBrief = {
  name: Name;
  origin: string;
  fingerprint: Digits;
  state: PartnerState;
};

export type PartnerState = "active" | "suspended" | "stopped";

export type Partner = {
  name: Name;
  origin: string;
  fingerprint: Digits;
  /** Of the card. */
  generation: number;
  /** The generation that was compared by voice. */
  confirmed: number;
  state: PartnerState;
  stopped: TimeOrNull;
  org: Labels;
  addresses: string[];
  last_contact: TimeOrNull;
  zone?: string;
  /** The last comparison. */
  reconciled: {
    time: TimeOrNull;
    equal: boolean;
    given: number;
    taken: number;
    asking: boolean;
    difference: string;
    /** Comparisons since the start. */
    rounds: number;
  };
  /** The last number given. */
  sent: number;
  /** The last number taken. */
  held: number;
  /** Why nothing goes; empty when all is well. */
  trouble: string;
};

export type CardBrief = {
  generation: number;
  fingerprint: Digits;
  sha256: Sha256;
  made: Time;
};

export type PartnerWithCards = {
  name: Name;
  origin: string;
  fingerprint: Digits;
  /** Of the card. */
  generation: number;
  /** The generation that was compared by voice. */
  confirmed: number;
  state: PartnerState;
  stopped: TimeOrNull;
  org: Labels;
  addresses: string[];
  last_contact: TimeOrNull;
  zone?: string;
  /** The last comparison. */
  reconciled: {
    time: TimeOrNull;
    equal: boolean;
    given: number;
    taken: number;
    asking: boolean;
    difference: string;
    /** Comparisons since the start. */
    rounds: number;
  };
  /** The last number given. */
  sent: number;
  /** The last number taken. */
  held: number;
  /** Why nothing goes; empty when all is well. */
  trouble: string;
  /** Its exact text. */
  card: string;
  /** The newest first. */
  cards: CardBrief[];
};

export type Card = {
  generation: number;
  fingerprint: Digits;
  /** Its exact text. */
  card: string;
};

export type CardChanged = {
  generation: number;
  fingerprint: Digits;
};

export type Key = {
  type: "log" | "witness" | "seal" | "epoch" | "tls";
  algorithm?: "Ed25519" | "X25519" | "P-256" | "AES-256";
  number: number;
  state: "in_force" | "old" | "waiting" | "missing";
  id: string;
  from: TimeOrNull;
  until: TimeOrNull;
  due: TimeOrNull;
};

export type Keys = {
  generation: number;
  fingerprint: Digits;
  keys: Key[];
  partners: {
    name: Name;
    /** The generation of our card that he says he has; 0: not known. */
    holds: number;
  }[];
  cards: CardBrief[];
};

export type Witness = {
  name: string;
  partner: boolean;
  /** A C2SP verifier key. */
  key: string;
  url: string;
  /** Of the last head that it cosigned. */
  size: number;
  behind: number;
  last: TimeOrNull;
  contradicts: boolean;
  trouble: string;
};

export type Witnesses = {
  /** The verifier key of this register. */
  log: string;
  /** This node's own as a witness. */
  key: string;
  quorum: number;
  witnesses: Witness[];
  /** Partners whose registers this node witnesses. */
  witnessed: string[];
};

export type OutboxSummary = {
  waiting: number;
  under_way: number;
  receipted: number;
  refused: number;
  ended: number;
  /** Partners whose heads were cosigned here and who have not been told yet. */
  untold: number;
  unreachable: string[];
};

export type Picture = {
  /** The Monday of the first week. */
  from: string;
  /** The Sunday of the last week. */
  to: string;
  kinds: string[];
  rows: {
    /** A code of the kinds' lists, a week's Monday, or a node's name. */
    code: string;
    cases: number;
    /** In as many weeks before; of a week, in the last. */
    before: number;
  }[];
  alerts: {
    week: string;
    kind: string;
    /** field/region */
    series: string;
    /** When it was told. */
    cases: number;
    /** The most that are in its range. */
    most: number;
    leaf: number;
  }[];
};

export type Status = {
  name: Name;
  origin: string;
  fingerprint: Digits;
  addresses: string[];
  version: string;
  /** core.db, or the database's address without secrets. */
  store: string;
  started: Time;
  time: Time;
  zone?: string;
  /** Cases; counted up to 10,000. */
  overdue?: number;
  overdue_more?: boolean;
  /** Of the overdue cases. */
  recalls_overdue?: number;
  /** Counted up to 10,000. */
  reviews_due?: number;
  /** Of the picture, this week; counted up to 256. */
  alerts?: number;
  register: {
    size: number;
    root: Sha256;
    epoch?: number;
    first?: number;
    digits?: Digits;
    unconfirmed?: string[];
    lost?: {
      to: Name;
      from_number: number;
      to_number: number;
      returned: number;
      missing: {
        from_number: number;
        to_number: number;
        why: string;
      }[];
    }[];
  };
  partners: {
    active: number;
    suspended: number;
    stopped: number;
  };
  outbox: {
    waiting: number;
    under_way: number;
    receipted: number;
    refused: number;
    ended: number;
  };
  /** The last one told to its end since the start. */
  backup?: {
    backup: number;
    at: TimeOrNull;
    missing: number;
  };
  disk_free: number;
  disk: "enough" | "warning" | "low" | "full";
  /** What keeps core from its work. */
  unsound: string[];
  quorum: number;
  witnesses: Witness[];
  keys: {
    generation: number;
    backup_opens?: boolean;
    seal_due: TimeOrNull;
    sign_due: TimeOrNull;
    tls_due: TimeOrNull;
  };
  listening: string[];
  processes: {
    "gate-peer": "starting" | "serves" | "halted" | "gone";
    "gate-local": "starting" | "serves" | "halted" | "gone";
    core: "starting" | "serves" | "halted" | "gone";
    keeper: "starting" | "serves" | "halted" | "gone";
    worker: "starting" | "serves" | "halted" | "gone";
  };
  warnings: string[];
};

export type KindBrief = {
  name: string;
  hash: Sha256;
  version: number;
  /** A person added it to this node; else it is the program's own. */
  added: boolean;
  /** New cases of this name are of this version. */
  opens: boolean;
  label: Labels;
};

/** Of the kind that the case was opened with; null when this node does not hold it. */
export type KindVersion = number | null;

export type KindChange = {
  name: string;
  version: number;
  hash: Sha256;
  /** labels: only its texts are other ones. */
  done: "added" | "labels" | "removed";
};

export type KindBound = {
  /** The type of an earlier message, or several: whichever was sent last; absent: of the same form. */
  of?: string | string[];
  /** A date or time beside it, or there; absent: when the message is written. */
  field?: string;
  /** Added to it. */
  days: number;
};

export type KindWhen = {
  /** A bool or code beside it. */
  field: string;
  /** It holds when the field is one of these. */
  is: (boolean | string)[];
};

export type KindField = {
  name: string;
  label?: Labels;
  type: string;
  required: boolean;
  state?: boolean;
  personal: "none" | "ordinary" | "special";
  /** What a cross-check looks for in it. */
  match?: "name" | "born" | "document" | "phone" | "account" | "vehicle" | "mail" | "identifier";
  list?: string;
  /** The item whose message it names. */
  item?: string;
  least?: number;
  most?: number;
  /** Only its multiples. */
  multiple?: number;
  /** Only this value is taken. */
  must_be?: true;
  /** Another party than who writes it. */
  other?: true;
  not_before?: KindBound[];
  not_after?: KindBound[];
  absent_when?: KindWhen;
  required_when?: KindWhen;
  /** The column of a table that says something else in each row. */
  key?: string;
  columns?: KindField[];
};

/** A filled form, as its kind and type of message have it (GET /v1/kinds/{kind}). */
export type Fields = Record<string, unknown>;

/** A file that was uploaded before (POST /v1/parts). */
export type NewPart = {
  /** As the upload gave it. */
  stage: string;
  name: string;
  /** Its media type. */
  type: string;
};

export type Agreement = {
  id: Id;
  state: string;
  in_force: boolean;
  from: TimeOrNull;
  until: TimeOrNull;
  parties: Node[];
  title: string;
};

export type Zone = {
  name: Name;
  zone: string;
};

export type Alarm = {
  clock: string;
  item?: Id;
  party: Node;
  what: "soon" | "overdue";
  due: TimeOrNull;
  told: TimeOrNull;
  leaf: number;
};

export type Clock = {
  name: string;
  party: Node;
  started: TimeOrNull;
  due: TimeOrNull;
  running: boolean;
  paused: boolean;
  /** Of the pause, while it is paused. */
  ground?: string;
  paused_by?: Node;
  paused_since?: TimeOrNull;
  soon: TimeOrNull;
  overdue: boolean;
  /** Of both sides, ours first. */
  zones: string[];
  stopped: boolean;
  ended: TimeOrNull;
  /** Of one that was stopped too late, whoever stopped it. */
  late_seconds?: number;
  disputed: boolean;
  receipt: TimeOrNull;
  ours: TimeOrNull;
};

export type CaseBrief = {
  id: Id;
  kind: string;
  kind_version: KindVersion;
  /** It is an exercise: spec/exercise.md. */
  exercise: boolean;
  state: string;
  flagged: boolean;
  opened: TimeOrNull;
  changed: TimeOrNull;
  messages: number;
  due: TimeOrNull;
  overdue: boolean;
  /** In a list by deadline. */
  cursor?: string;
  /** Why it cannot be read; state is then unknown. */
  damaged?: string;
  parties?: Node[];
  clocks?: Clock[];
};

export type DeliveryState = "waiting" | "under_way" | "receipted" | "refused" | "ended" | "damaged";

export type Part = {
  name: string;
  type: string;
  size: number;
  sha256: Sha256;
  /** Of a part that says it is STIX: what was found in it, null until it was looked into. */
  stix: {
    objects: number;
    /** Why its objects are not listed; empty when they are. */
    why: string;
  } | null;
};

export type StixObjects = {
  objects: {
    id: string;
    /** As the object says it; empty when it does not. */
    modified: string;
    message: Id;
    case: Id;
    /** The name of the part. */
    part: string;
    sha256: Sha256;
    recalled: Recalled;
  }[];
  /** Where the next page begins; null: there is none. */
  next: string | null;
  /** Parts still to be looked into, of at most 32 messages a lane. */
  waiting: number;
};

export type StixAgain = {
  /** Of this call, whose parts wait to be looked into anew. */
  messages: number;
  /** Of these messages. */
  parts: number;
  /** For the next call. */
  next: number;
  done: boolean;
};

export type StixCounts = {
  /** Of all types. */
  objects: number;
  /** That hold them. */
  parts: number;
  /** Parts whose objects could not be listed. */
  unread: number;
  types: {
    type: string;
    objects: number;
    parts: number;
  }[];
  /** There are further types, which are not told. */
  more: boolean;
  /** Parts still to be looked into, of at most 32 messages a lane. */
  waiting: number;
};

export type Delivery = {
  to: Node;
  /** The number given to him. */
  n: number;
  state: DeliveryState;
  reason: string;
  received: TimeOrNull;
  disputed: boolean;
};

export type Arrival = {
  from: Node;
  n: number;
  received: TimeOrNull;
  /** What is wrong with the time that its author says (spec/message.md); null: nothing. */
  misdated: "ahead" | "apart" | "before" | null;
  /** A message that its author had received by his own register, and did not follow (spec/message.md). */
  behind: string | null;
  /** Of one message shown: what the row that its sender named has no room for; empty where it has. */
  outside?: string;
} | null;

export type Erased = {
  at: TimeOrNull;
  by: string;
  reason: string;
  elsewhere: boolean;
  /** The message of this node that certifies it to the author. */
  certificate: string | null;
} | null;

/** The newest recall by the message's author. */
export type Recalled = {
  case: Id;
  at: TimeOrNull;
  measure: string;
} | null;

/** It went, or came, without a row, as an emergency. case: of the notice by its author; null: none is here. */
export type Emergency = {
  ground: EmergencyGround;
  case: string | null;
  /** Of that case. */
  state: string;
} | null;

export type EmergencyGround = "vital_interests" | "immediate_threat" | "essential_interests";

/** Where no row covers it, it goes as an emergency: spec/emergency.md. */
export type EmergencyAsked = {
  ground: EmergencyGround;
  /** Read by the other side. At most 4000 bytes. */
  reason: string;
};

export type DerogationCode = "vital_interests" | "legitimate_interests" | "immediate_threat" | "individual_case" | "legal_claims";

/** Where personal data would leave and no row names a basis, it goes under a derogation: spec/transfer.md. */
export type DerogationAsked = {
  code: DerogationCode;
  /** The justification; kept in the register, told to no partner. At most 1000 bytes. */
  reason: string;
};

/** Under which derogation it was submitted, and why. */
export type Derogation = {
  code: DerogationCode;
  reason: string;
} | null;

/** Personal data that left the area of Directive (EU) 2016/680: spec/transfer.md. */
export type Transfer = {
  to: string;
  /** adequacy, instrument, assessment, or a derogation's code. */
  basis: string;
  reference: string;
  assurances: string[];
  /** Who answers for a derogation; empty at the receiver. */
  by: string;
  reason: string;
};

/** spec/recall.md. One that cannot be read has id, exercise and damaged alone. */
export type RecallRow = {
  id: Id;
  exercise: boolean;
  damaged?: string;
  message?: Id;
  measure?: string;
  ground?: string;
  ours?: boolean;
  party?: Node;
  state?: string;
  without_effect?: string;
  due?: TimeOrNull;
  overdue?: boolean;
  outcome?: string;
  /** The outcome is not what was asked for: it is no answer. */
  does_not_fit?: boolean;
  below?: string;
  certificate?: string | null;
  handed_down?: string | null;
};

export type MessageState = "held" | "pending" | "refused" | "draft";

export type MessageInCase = {
  id: Id;
  type: string;
  author: Node;
  time: TimeOrNull;
  stored: TimeOrNull;
  depth?: number;
  effective: boolean;
  /** It agrees and no more than that: somebody was missing. */
  agrees: boolean;
  settled: boolean;
  /** Why it has no effect (yet). */
  why: string;
  state: MessageState;
  erased: Erased;
  recalled: Recalled;
  kept_until: TimeOrNull;
  certificates: Certified[];
  release: Released;
  end: Ending;
  emergency: Emergency;
  transfers: Transfer[];
  fields?: Fields;
  parts?: Part[];
  deliveries: Delivery[];
  arrival: Arrival;
  handling?: string;
  handling_known?: boolean;
  grading?: string;
  grading_known?: boolean;
};

/** What a partner certifies of its erasure, verified when it is shown. */
export type Certified = {
  by: string;
  message: Id;
  case: Id;
  sound: boolean;
  /** What is wrong with one that is not sound. */
  why: string;
  erased: TimeOrNull;
  final_by: TimeOrNull;
};

/** A partner who might keep it until then, and has not certified that it was erased. */
export type CertificateDue = {
  by: string;
  since: TimeOrNull;
};

/** When its personal data is to be reviewed, and the last review. */
export type CaseReview = {
  due: TimeOrNull;
  overdue: boolean;
  reviewed: {
    at: TimeOrNull;
    by: string;
    reason: string;
    next: TimeOrNull;
    leaf: number;
  } | null;
} | null;

/** When its personal data ends by itself, and whose certificates of that are outstanding. */
export type PersonalEnds = {
  ends: TimeOrNull;
  ended: boolean;
  outstanding: {
    by: string;
    messages: number;
    overdue: boolean;
  }[];
} | null;

export type ReviewRow = {
  id: Id;
  kind: string;
  kind_version: KindVersion;
  exercise: boolean;
  state: string;
  changed: TimeOrNull;
  review: CaseReview;
  cursor: string;
};

export type Case = {
  id: Id;
  kind: string;
  kind_version: KindVersion;
  exercise: boolean;
  state: string;
  flagged: boolean;
  made_by: Id;
  parties: Node[];
  from?: Time;
  to?: Time;
  standing: {
    party: Node;
    state: string;
  }[];
  /** Types of message that this node may send now. */
  possible: string[];
  lacks: Lacks;
  items: CaseItem[];
  clocks: Clock[];
  alarms: Alarm[];
  review: CaseReview;
  personal_ends: PersonalEnds;
  messages: MessageInCase[];
};

/** What takes effect once all have agreed, and who has not yet. */
export type Lacks = {
  type: string;
  parties: Node[];
}[];

/** A thing in a case with a state of its own. */
export type CaseItem = {
  id: Id;
  /** Its name in the kind. */
  item: string;
  state: string;
  owner: Node;
  assignee: Node | null;
  since: TimeOrNull;
  made_by: Id;
  settled: boolean;
  /** Types of message that this node may send about it now. */
  possible: string[];
  lacks: Lacks;
  /** One of each party that owes it; started and receipt are null: they are due at a moment that a field names. */
  clocks: Clock[];
  came: Elsewhere;
  /** How it goes on in a case of another kind. */
  feed: {
    kind: string;
    type: string;
    stands: "open" | "unsettled" | "theirs" | "due" | "fed";
    went: Elsewhere;
  } | null;
};

/** A message of another case. */
export type Elsewhere = {
  case: Id;
  message: Id;
} | null;

export type Readers = {
  case: Id;
  readers: ({
    person: string;
    /** One who left reads nothing. */
    state: "open" | "closed" | "damaged";
    /** The leaf by which he is named. */
    leaf: number;
  })[];
};

export type CaseItems = {
  case: Id;
  kind: string;
  kind_version: KindVersion;
  exercise: boolean;
  items: CaseItem[];
};

export type CaseBalance = {
  case: Id;
  kind: string;
  kind_version: KindVersion;
  exercise: boolean;
  balances: Balance[];
};

export type Balance = {
  name: string;
  item: string;
  lines: BalanceLine[];
  /** Messages whose content is not here any more: not counted. */
  unread: number;
  /** Rows that are none of the kind's, or that change what their line is for: not counted. */
  unclear: number;
};

export type Crosscheck = {
  case: Id;
  /** It is one, and so is each hit; else none is. */
  exercise: boolean;
  kind: string;
  kind_version: KindVersion;
  hits: CrosscheckHit[];
  /** So many other cases are among the hits. */
  cases: number;
  /** There are hits that are not told here. */
  more: boolean;
  /** Values of this case that were looked for. */
  values: number;
  /** Values of this case above what one answer looks for. */
  unsought: number;
};

export type CrosscheckHit = {
  case: Id;
  kind: string;
  kind_version: KindVersion;
  state: string;
  message: Id;
  type: string;
  field: string;
  /** Of a table, from 1. */
  row: number | null;
  by: Node;
  stored: TimeOrNull;
  /** What is the same. */
  sort: "name" | "document" | "phone" | "account" | "vehicle" | "mail" | "identifier";
  /** Of a name: whether the days of birth are the same, differ, or one of them is not known. */
  born: "same" | "other" | "unknown" | null;
  /** Where it stands in the case that was asked about. */
  same: {
    message: Id;
    type: string;
    field: string;
    row: number | null;
  };
};

export type BalanceLine = {
  line: string;
  what: string;
  unit: string;
  /** Whether it is needed; else somebody offered it unasked. */
  asked: boolean;
  needed: number;
  offered: number;
  accepted: number;
  under_way: number;
  arrived: number;
  left: number;
  missing: number;
  surplus: number;
};

export type Message = {
  id: Id;
  case: Id;
  exercise: boolean;
  kind: string;
  kind_version: KindVersion;
  type: string;
  author: Node;
  time: TimeOrNull;
  stored: TimeOrNull;
  /** Its exact text. */
  header: string;
  state: MessageState;
  why: string;
  erased: Erased;
  recalled: Recalled;
  kept_until: TimeOrNull;
  certificates: Certified[];
  certificates_due: CertificateDue[];
  release: Released;
  end: Ending;
  emergency: Emergency;
  transfers: Transfer[];
  handling: string;
  grading: string;
  fields: Fields;
  parts: Part[];
  deliveries: Delivery[];
  arrival: Arrival;
  handling_known: boolean;
  grading_known: boolean;
};

/** spec/stix.md. */
export type StixReport = {
  stix: boolean;
  objects: number;
  types: Record<string, number>;
  warnings: string[];
  warnings_in_all: number;
};

export type Uploaded = {
  /** To be named by a message; dropped after an hour. */
  stage: string;
  sha256: Sha256;
  size: number;
  stix: StixReport | null;
};

export type OutboxRow = {
  id: Id;
  case: Id;
  exercise: boolean;
  to: string;
  n: number;
  state: DeliveryState;
  reason: string;
};

export type Head = {
  origin: string;
  size: number;
  root: Sha256;
  /** A C2SP checkpoint. */
  note: string;
  cosigned: {
    by: Node;
    size: number;
    time: TimeOrNull;
  }[];
};

export type Leaf = {
  index: number;
  /** Its exact text. */
  leaf: string;
  opening: Record<string, unknown> | null;
  hash: Sha256;
  /** It is about a case of a lane that the person does not work in: no opening. */
  hidden: boolean;
  exercise: boolean;
  evidence: string | null;
};

export type Statistics = {
  done: boolean;
  /** Where the next call goes on. */
  next?: number;
  end?: number;
  from?: string | null;
  to?: string | null;
  /** The moment that it stood so. */
  at?: string | null;
  /** The year, when it may be published. */
  published?: number | null;
  /** Counts from 1 to below this one are not published. */
  least?: number;
  /** Of what may be published the origin alone. */
  register?: {
    origin: string;
    size?: number;
    root?: string;
    first?: number;
    leaves?: number;
  };
  /** Not of what may be published. */
  partners?: {
    name: string;
    origin: string;
    size: number;
    root: string;
  }[];
  cells?: ({
    section: string;
    direction?: string;
    partner?: string;
    month?: string;
    kind?: string;
    clock?: string;
    limit?: string;
    measure: string;
    detail?: string;
    /** null: hidden, so that it can be published. */
    count: number | null;
  })[];
};

export type Check = {
  checked: number;
  /** Where the next call goes on. */
  next: number;
  size: number;
  root: string | null;
  note: string | null;
  done: boolean;
  stage: string;
  rows: number;
  found: number;
  problems: {
    place: string;
    what: string;
  }[];
};

export type Evidence = {
  files: {
    name: string;
    base64: string;
  }[];
  parts: {
    sha256: Sha256;
    size: number;
  }[];
  missing: {
    to: string;
    why: string;
  }[];
};

/** Of the stream: its field id, event and data. lost: what came between is not known any more, read everything again. */
export type Event = {
  id: string;
  event: "case";
  data: {
    case: Id;
    exercise: boolean;
  };
} | {
  id: string;
  event: "message";
  data: {
    message: Id;
    case: Id;
    exercise: boolean;
  };
} | {
  id: string;
  event: "delivery";
  data: {
    message: Id;
    case: Id;
    exercise: boolean;
    partner: Name;
    state: "receipted" | "refused" | "ended";
  };
} | {
  id: string;
  event: "partner";
  data: {
    partner: Name;
  };
} | {
  id: string;
  event: "emergency";
  data: {
    message: Id;
    case: Id;
    exercise: boolean;
    partner: Name;
  };
} | {
  id: string;
  event: "deadline";
  data: {
    case: Id;
    exercise: boolean;
    what: "soon" | "overdue";
    /** Of the case's kind; review: of its personal data; receipts: of its end. */
    clock: string;
    item?: Id;
    /** Who must act. */
    party: string;
    due: Time;
  };
} | {
  id: string;
  event: "alert";
  data: {
    case: Id;
    exercise: boolean;
    kind: string;
    /** field/region, of the picture. */
    series: string;
    week: Time;
    cases: number;
    /** The most that are in its range. */
    most: number;
  };
} | {
  id: string;
  event: "lost";
  data: Record<string, never>;
} | {
  id: string;
  event: "release";
  data: {
    message: Id;
    case: Id;
    exercise: boolean;
    release: number;
    state: ReleaseState;
  };
};

export type Kind = {
  name: string;
  hash: Sha256;
  version: number;
  label: Labels;
  /** An agreement's row must cover it. */
  needs_row: boolean;
  lane?: Lane;
  /** Content for persons named for each case alone. */
  readers?: "named";
  /** The lowest mark of its messages, where it says one. */
  mark?: string;
  purpose_field?: string;
  /** The fields by which its cases are counted in the picture. */
  picture?: {
    field: string;
    region: string;
  };
  /** The type of its first message. */
  opening: string;
  types: ({
    name: string;
    label: Labels;
    /** Whether a second person must release it; supervisor_if_any: where the node has two who can. */
    release: "none" | "supervisor" | "supervisor_if_any";
    /** Whether files may go along; false: the form is all that it says. */
    parts: boolean;
    /** When it may be written, by what earlier messages said. */
    not_before?: KindBound[];
    not_after?: KindBound[];
    fields: KindField[];
  })[];
  lists: {
    name: string;
    label: Labels;
    codes: {
      code: string;
      label: Labels;
    }[];
  }[];
  states: {
    name: string;
    label: Labels;
  }[];
  transitions: {
    on: string;
    from: string[];
    to?: string;
    who: string;
    all: boolean;
    /** Of all: who made the state has to send it, too. */
    anew?: true;
    each: boolean;
    settles: boolean;
    names?: string;
    /** The date or time of the opening type that must be over. */
    after?: string;
  }[];
  personal_ends?: {
    state: string[];
    days: number;
    field?: string;
  };
  together?: {
    any?: string[];
    all?: string[];
    state: string;
  }[];
  items?: {
    name: string;
    label: Labels;
    opened_by: string;
    states: {
      name: string;
      label: Labels;
    }[];
    assignee_field?: string;
    transitions: {
      on: string;
      from?: string[];
      to?: string;
      who: string;
      all: boolean;
      /** Of all: who made the state has to send it, too. */
      anew?: true;
      /** States of the case. */
      in: string[];
    }[];
  }[];
  balances?: {
    name: string;
    label: Labels;
    item: string;
    /** The field that lists what is needed. */
    needs: string;
    /** The field that lists what an item brings. */
    gives: string;
    line: string;
    what: string;
    quantity: string;
    unit: string;
    /** What each state of the item counts as. */
    stands: Record<string, string[]>;
  }[];
  feeds?: {
    item: string;
    /** In which it goes on. */
    states: string[];
    kind: string;
    type: string;
    /** The field that names the item. */
    reference: string;
    /** Of the message, each with the field that it comes from. */
    fields: Record<string, string>;
  }[];
  answers?: {
    type: string;
    /** Of this type. */
    table: string;
    /** Of the opening type. */
    asked: string;
    /** Each row that was asked has an answer. */
    all: boolean;
  }[];
  apart?: {
    type: string;
    /** Of this type: where the period begins. */
    from: string;
    /** Of this type: where it ends. */
    to: string;
  }[];
  /** For how long a case is meant: fields of the opening type and of moved_by. */
  period?: {
    from: string;
    to: string;
    moved_by?: string;
    /** Types that may be sent when it is over. */
    after: string[];
  };
  clocks: ({
    name: string;
    label: Labels;
    starts: string;
    field?: string;
    lengths?: Record<string, number>;
    length?: number;
    pauses: string[];
    /** The field that names the ground of a pause. */
    ground?: string;
    /** Per cent of the length that are left. */
    soon?: number;
    at?: {
      field: string;
      /** Seconds from the moment in the field. */
      offset: number;
      /** Seconds before it is due that it is told as due soon. */
      before?: number;
    };
    /** Who must end it; left out: the asked party. */
    owes?: "opener" | "others" | "owner" | "not_owner" | "assignee" | "each";
    /** It runs for each of these items. */
    item?: string;
    stops_all?: string[];
    again?: string[];
    resumes: string[];
    stops: string[];
  })[];
};

/** Rows of an agreement that no message is ever sent under: a row before each covers all that it covers. */
export type UnusedRows = {
  row: string;
  hidden_by: string;
}[];

export type LawRow = {
  id: string;
  kind: string;
  types: string[];
  purposes: string[];
  direction: string;
  recipient: Node | null;
  personal: string;
  handling: string;
  onward: string;
  retention_days: number | null;
  approval: Approval;
  /** The code of the authority that must release it, where approval is authority. */
  authority: string;
  /** adequacy, instrument, assessment, or empty. */
  transfer: string;
  transfer_reference: string;
  unheld: {
    authority?: string;
    assurances?: string[];
    reply_hours?: number;
  };
  note: string;
};

export type Review = {
  id: Id;
  terms: Id;
  title: string;
  review: TimeOrNull;
  until: TimeOrNull;
  regimes: {
    party: Node;
    regime: string;
  }[];
  rows: LawRow[];
  unused_rows: UnusedRows;
  /** What is counted below is of these lanes alone, which the asker has. */
  lanes: Lane[];
  /** Rows (by id) of kinds in other lanes, or not held here: what they were used for is not told. */
  untold: string[];
  used: {
    clause: string;
    count: number;
    last: TimeOrNull;
  }[];
  refused: {
    wanted: string;
    count: number;
    last: TimeOrNull;
  }[];
  transfers: {
    basis: string;
    count: number;
    last: TimeOrNull;
  }[];
  emergencies: {
    sent: string;
    count: number;
    last: TimeOrNull;
  }[];
  next: number | null;
};

export type Explained = {
  to: string;
  kind: string;
  type: string;
  purpose: string;
  personal: string;
  allowed: boolean;
  code: string;
  clause: string;
  why: string;
  approval: Approval;
  period: TimeOrNull;
  /** The period of the case has ended: nothing of this type goes, whatever covers it. */
  over: boolean;
  /** Whether personal data would leave the area of Directive (EU) 2016/680; unsaid: no agreement in force says. */
  leaves: "yes" | "no" | "unsaid";
  /** On which basis; empty: none leave, or there is none. */
  basis: string;
  row: LawRow | null;
  unused_rows: UnusedRows;
  agreements: ({
    id: Id;
    terms: Id;
    standing: string;
    from: TimeOrNull;
    until: TimeOrNull;
    nearest: LawRow | null;
    lacks: string[];
  })[];
};

/** spec/lanes.md */
export type Lane = "enforcement" | "humanitarian" | "civil";

export type Role = "liaison" | "supervisor" | "operations" | "integrator" | "auditor" | "administrator";

export type Person = {
  /** The name here, never given twice. */
  person: string;
  name: string;
  unit: string;
  roles: Role[];
  /** In which this one works: humanitarian alone, or one or both of the others. */
  lanes: Lane[];
  /** The user of the operating system who owns the node acts as this one. */
  owner: boolean;
  /** Nothing of one who is unconfirmed passes: he was here before the register lost leaves (spec/epoch.md). */
  state: "open" | "unconfirmed" | "closed" | "damaged";
  /** How this person comes in by a password. */
  login: "no_password" | "first_password" | "password" | "second_factor" | "damaged";
  /** The leaf that commits to it. */
  leaf: number;
  /** Of a change alone: as whom the owner acts from this first person on, and in which lanes; null later. */
  owner_named?: {
    person: string;
    lanes: Lane[];
  } | null;
  /** Of a change alone: how many cases with named readers nobody reads from this first person on; 0 later. */
  unread?: number;
};

export type Persons = {
  persons: Person[];
};

export type Token = {
  token: number;
  person: string;
  label: string;
  /** Made by a login. */
  session: boolean;
  roles: Role[];
  /** Empty: all that its roles may. */
  requests: string[];
  made: Time;
  until: Time;
  state: "open" | "ended" | "damaged";
};

export type Tokens = {
  /** Who asks. */
  person: string;
  roles: Role[];
  tokens: Token[];
};

export type TokenChanged = {
  token: number;
  person: string;
  until: Time;
  /** make: shown this once. */
  secret?: string;
  label?: string;
  session?: boolean;
  roles?: Role[];
  requests?: string[];
  made?: Time;
  state?: "open" | "ended" | "damaged";
};

export type Session = {
  token: number;
  person: string;
  until: Time;
  /** By a first password: it lets set one's own, and log out. */
  first: boolean;
  /** Shown this once; sent as a token is. */
  secret: string;
};

export type LoggedOut = {
  token: number;
};

export type PasswordSet = {
  person: string;
  /** Somebody else's. */
  first: boolean;
};

export type Factor = {
  person: string;
  /** It is asked for at each login. */
  armed: boolean;
  /** begin: in base32, shown this once. */
  secret?: string;
  /** begin: otpauth://, as authenticators read it. */
  uri?: string;
};

/** spec/handling.md. */
export type Consent = {
  id: Id;
  message: Id;
  exercise: boolean;
  state: "asked" | "given" | "expired" | "denied" | "revoked";
  asker: Node;
  /** Empty when the message is not here. */
  originator: string;
  /** Origins, with one blank between. */
  to: string;
  purpose: string;
  until: TimeOrNull;
  by: Id | null;
};

/** Every operation by its operationId; a refusal is a Problem. */
export interface Operations {
  /** What the node does. */
  node_status: {
    method: "GET";
    path: "/v1/status";
    answer: Status;
  };
  /** A card of this node. */
  card_show: {
    method: "GET";
    path: "/v1/card";
    query: { generation?: number };
    answer: Card;
  };
  /** Other addresses or names: a new card, which partners are told. */
  card_change: {
    method: "POST";
    path: "/v1/card";
    body: {
      /** HOST:PORT each. */
      address?: string[];
      /** Names by language, at most 200 bytes each. */
      org?: {
        ar?: string;
        fr?: string;
        en?: string;
        es?: string;
        pt?: string;
      };
    };
    answer: CardChanged;
  };
  /** The node's keys, and who still holds an older card. */
  key_list: {
    method: "GET";
    path: "/v1/keys";
    answer: Keys;
  };
  /** New keys and a new card, which partners are told. */
  key_rotate: {
    method: "POST";
    path: "/v1/keys/rotate";
    body: {
      sign?: boolean;
      seal?: boolean;
      /** Does nothing while keys are wrapped anew. */
      epoch?: boolean;
      /** The pin of a key that is in the gate's folder. */
      tls?: string;
      force?: boolean;
    };
    answer: CardChanged;
  };
  /** Old keys leave the card before their overlap is over. */
  key_retire: {
    method: "POST";
    path: "/v1/keys/retire";
    body: {
      seal?: boolean;
      tls?: boolean;
      force?: boolean;
    };
    answer: CardChanged;
  };
  /** The partners. */
  partner_list: {
    method: "GET";
    path: "/v1/partners";
    answer: Partner[];
  };
  /** Take a partner's card once its fingerprint was compared by voice. */
  partner_add: {
    method: "POST";
    path: "/v1/partners";
    body: {
      /** Its exact text. */
      card: string;
      /** The digits that were compared. */
      fingerprint: string;
    };
    answer: PartnerBrief;
  };
  /** A partner with its cards. */
  partner_show: {
    method: "GET";
    path: "/v1/partners/{name}";
    parameters: { name: string };
    answer: PartnerWithCards;
  };
  /** Exchange nothing with a partner for now, or again. */
  partner_state: {
    method: "POST";
    path: "/v1/partners/{name}/state";
    parameters: { name: string };
    body: {
      state: "active" | "suspended";
      /** At most 1000 bytes; kept in the register. */
      reason?: string;
    };
    answer: PartnerBrief;
  };
  /** Confirm that a partner's register goes on in a new epoch. */
  partner_epoch: {
    method: "POST";
    path: "/v1/partners/{name}/epoch";
    parameters: { name: string };
    body: {
      /** The digits that were compared by voice. */
      fingerprint: string;
    };
    answer: PartnerBrief;
  };
  /** Compare with a partner what was sent and held. */
  partner_compare: {
    method: "POST";
    path: "/v1/partners/{name}/reconcile";
    parameters: { name: string };
    body?: {
      /** Every number, from 1 on. */
      all?: boolean;
    };
    answer: {
      name: Name;
      /** Done when the partner's reconciled.rounds is larger. */
      rounds: number;
    };
  };
  /** Who witnesses this register, and whose this node witnesses. */
  witness_list: {
    method: "GET";
    path: "/v1/witnesses";
    answer: Witnesses;
  };
  /** Add or remove a witness, set the quorum, witness a partner or leave it. */
  witness_change: {
    method: "POST";
    path: "/v1/witnesses";
    body: {
      do: "add" | "remove" | "quorum" | "witness" | "leave";
      /** Of the witness, or of the partner. */
      name?: string;
      /** add: the verifier key of one that is no partner. */
      key?: string;
      /** add: its submission prefix. */
      url?: string;
      /** add: the hash of its TLS key. */
      pin?: string;
      /** quorum: how many cosignatures evidence needs. */
      quorum?: number;
    };
    answer: Witnesses;
  };
  /** The time zone in which deadlines are told: this node's, or a partner's. */
  zone_set: {
    method: "POST";
    path: "/v1/zones";
    body: {
      /** A partner; without it this node. */
      name?: string;
      /** A name of the time zone database. */
      zone: string;
    };
    answer: Zone;
  };
  /** The kinds of case. */
  kind_list: {
    method: "GET";
    path: "/v1/kinds";
    answer: KindBrief[];
  };
  /** A kind of this node's own, or other labels of one; new cases are of it at once. */
  kind_add: {
    method: "POST";
    path: "/v1/kinds";
    body: {
      /** Its semantics, the exact text of the file. */
      file: string;
      /** Its labels, likewise. */
      labels: string;
    };
    answer: KindChange;
  };
  /** A kind: its forms, states and clocks. */
  kind_show: {
    method: "GET";
    path: "/v1/kinds/{kind}";
    parameters: { kind: string };
    query: { version?: number };
    answer: Kind;
  };
  /** A filled form. */
  kind_example: {
    method: "GET";
    path: "/v1/kinds/{kind}/example";
    parameters: { kind: string };
    query: { type?: string; version?: number };
    answer: Fields;
  };
  /** A kind that was added is no more; refused while a case is of it. */
  kind_remove: {
    method: "POST";
    path: "/v1/kinds/{kind}/remove";
    parameters: { kind: string };
    body: {
      /** Which one, where several were added. */
      version?: number;
    };
    answer: KindChange;
  };
  /** The agreements. */
  agreement_list: {
    method: "GET";
    path: "/v1/agreements";
    answer: Agreement[];
  };
  /** The cases, the last changed first. */
  case_list: {
    method: "GET";
    path: "/v1/cases";
    query: { kind?: string; limit?: number; by?: string; state?: string; after?: string; lane?: string; exercise?: boolean };
    answer: CaseBrief[];
  };
  /** Open a case. */
  case_open: {
    method: "POST";
    path: "/v1/cases";
    body: {
      kind: string;
      /** Partners, by name. */
      to: string[];
      fields: Fields;
      parts?: NewPart[];
      /** How far it may go, in codes: spec/handling.md. At most 512 bytes. */
      handling?: string;
      /** How far it is to be trusted, such as 4x4:B/2. At most 512 bytes. */
      grading?: string;
      emergency?: EmergencyAsked;
      /** true: the case is an exercise (spec/exercise.md). */
      exercise?: boolean;
      derogation?: DerogationAsked;
      /** true: only answer whether it may go, by form, case and law. Nothing is sent or kept. */
      check?: boolean;
    };
    answer: Created;
  };
  /** A case with its messages. */
  case_show: {
    method: "GET";
    path: "/v1/cases/{id}";
    parameters: { id: IdBeginning };
    query: { bare?: boolean; export?: boolean; reason?: string };
    answer: Case;
  };
  /** What is needed in a case against what is offered, accepted, under way and there, line by line. */
  case_balance: {
    method: "GET";
    path: "/v1/cases/{id}/balance";
    parameters: { id: IdBeginning };
    query: { reason?: string };
    answer: CaseBalance;
  };
  /** In which other cases this node holds the same person, document or number: exact, and without content. */
  case_crosscheck: {
    method: "GET";
    path: "/v1/cases/{id}/crosscheck";
    parameters: { id: IdBeginning };
    query: { reason?: string };
    answer: Crosscheck;
  };
  /** What became of an item of another case goes on as a message in this one. */
  case_feed: {
    method: "POST";
    path: "/v1/cases/{id}/feed";
    parameters: { id: IdBeginning };
    body: {
      /** The other case, or its first digits. */
      from: string;
      /** The item, or its first digits. */
      item: string;
    };
    answer: Created;
  };
  /** What has a state of its own in a case, in the order of the case. */
  case_items: {
    method: "GET";
    path: "/v1/cases/{id}/items";
    parameters: { id: IdBeginning };
    query: { item?: string; state?: string };
    answer: CaseItems;
  };
  /** Send a message in a case. */
  case_send: {
    method: "POST";
    path: "/v1/cases/{id}/messages";
    parameters: { id: IdBeginning };
    body: {
      type: string;
      fields: Fields;
      parts?: NewPart[];
      /** At most 512 bytes. */
      handling?: string;
      /** At most 512 bytes. */
      grading?: string;
      emergency?: EmergencyAsked;
      /** true in a case that is an exercise, and in no other. */
      exercise?: boolean;
      derogation?: DerogationAsked;
      /** true: only answer whether it may go, by form, case and law. Nothing is sent or kept. */
      check?: boolean;
    };
    answer: Created;
  };
  /** Who is named to read a case whose kind has named readers. */
  reader_list: {
    method: "GET";
    path: "/v1/cases/{id}/readers";
    parameters: { id: IdBeginning };
    answer: Readers;
  };
  /** Name a person to read such a case, or no more; nobody names himself. */
  reader_change: {
    method: "POST";
    path: "/v1/cases/{id}/readers";
    parameters: { id: IdBeginning };
    body: {
      do: "add" | "remove";
      person: string;
      /** Why; it stays in the register with both names. At most 1000 bytes. */
      reason: string;
    };
    answer: Readers;
  };
  /** Record that a person reviewed a case's personal data, and that it stays. */
  case_review: {
    method: "POST";
    path: "/v1/cases/{id}/review";
    parameters: { id: IdBeginning };
    body: {
      /** Why it is kept; it stays in the register with the person's name. At most 1000 bytes. */
      reason: string;
      /** When it is reviewed again, within 366 days: a day or a moment; after 181 days when left out. */
      next?: string;
    };
    answer: {
      id: Id;
      next: Time;
      leaf: number;
    };
  };
  /** Erase a case that is over whole at this node, with the headers of its messages, for good. */
  case_erase: {
    method: "POST";
    path: "/v1/cases/{id}/erase";
    parameters: { id: IdBeginning };
    body: {
      /** Why; kept in the register; the author reads it, and the person's name. At most 1000 bytes. */
      reason: string;
    };
    answer: {
      id: Id;
      messages: number;
      leaf: number;
    };
  };
  /** The cases whose personal data is to be reviewed, what is due first. */
  review_list: {
    method: "GET";
    path: "/v1/reviews";
    query: { due?: boolean; limit?: number; after?: string };
    answer: ReviewRow[];
  };
  /** A message with its content. */
  message_show: {
    method: "GET";
    path: "/v1/messages/{id}";
    parameters: { id: IdBeginning };
    query: { export?: boolean; reason?: string };
    answer: Message;
  };
  /** Erase a message's content at this node, for good. */
  message_erase: {
    method: "POST";
    path: "/v1/messages/{id}/erase";
    parameters: { id: IdBeginning };
    body: {
      /** Why; kept in the register; the author reads it, and the person's name. At most 1000 bytes. */
      reason: string;
    };
    answer: {
      id: Id;
      parts: number;
      leaf: number;
    };
  };
  /** Pass a message on: a case of the kind information is opened with its content, parts, marks and end. */
  message_pass_on: {
    method: "POST";
    path: "/v1/messages/{id}/pass-on";
    parameters: { id: IdBeginning };
    body: {
      /** Partners, by name. */
      to: string[];
      fields?: Fields;
      /** A stricter mark than the message's: spec/handling.md. At most 512 bytes. */
      handling?: string;
      /** Another grade than the message's. At most 512 bytes. */
      grading?: string;
    };
    answer: Created;
  };
  /** Certify to a message's author that it was erased here, or find what a partner certified of it. */
  message_certificate: {
    method: "POST";
    path: "/v1/messages/{id}/certificate";
    parameters: { id: IdBeginning };
    body: {
      /** The partner whose certificate is asked for. At most 32 bytes. */
      by?: string;
    };
    answer: {
      id: Id;
      certificate: Id;
    };
  };
  /** Call a message back from all to whom it was given, and from those to whom they passed it on. */
  recall_open: {
    method: "POST";
    path: "/v1/messages/{id}/recall";
    parameters: { id: IdBeginning };
    body: {
      measure: "erase" | "correct" | "restrict";
      /** A code of the list `ground` of the kind recall. */
      ground: string;
      /** At most 4000 bytes. */
      reason?: string;
      /** What is right; needed for the measure correct. At most 4000 bytes. */
      correction?: string;
    };
    answer: {
      id: Id;
      exercise: boolean;
      /** Partners who were asked. */
      asked: number;
      /** The cases. */
      recalls: Id[];
      /** Deliveries that waited and were ended. */
      ended: number;
    };
  };
  /** The recalls, ours and those of others; what is overdue, here or further down, first. */
  recall_list: {
    method: "GET";
    path: "/v1/recalls";
    query: { limit?: number };
    answer: RecallRow[];
  };
  /** Answer a recall; erased erases, in the same step. */
  recall_answer: {
    method: "POST";
    path: "/v1/recalls/{id}/answer";
    parameters: { id: IdBeginning };
    body: {
      outcome: "erased" | "corrected" | "restricted" | "never_held" | "kept";
      /** Of what is kept: a code of the list `keep_ground` of the kind recall. */
      ground?: string;
      /** At most 4000 bytes. */
      note?: string;
    };
    answer: {
      id: Id;
      exercise: boolean;
      erased: number;
    };
  };
  /** Take back a recall of one's own, also from those to whom it went down; what was erased stays so. */
  recall_withdraw: {
    method: "POST";
    path: "/v1/recalls/{id}/withdraw";
    parameters: { id: IdBeginning };
    body: {
      /** Why; those who were asked read it. At most 4000 bytes. */
      reason: string;
    };
    answer: {
      id: Id;
      exercise: boolean;
    };
  };
  /** What was submitted and waits for a second person, at most 100 of them. */
  release_list: {
    method: "GET";
    path: "/v1/releases";
    query: { all?: boolean; above?: number };
    answer: Releases;
  };
  /** One of them. Its content is shown as that of its message (message_show). */
  release_show: {
    method: "GET";
    path: "/v1/releases/{number}";
    parameters: { number: number };
    answer: Releases;
  };
  /** Let go what somebody else submitted: law and case are asked again, and it goes as it was held. */
  release_give: {
    method: "POST";
    path: "/v1/releases/{number}/give";
    parameters: { number: number };
    body: Record<string, never>;
    answer: {
      id: Id;
      exercise: boolean;
    };
  };
  /** Refuse what somebody else submitted; its content is erased. */
  release_refuse: {
    method: "POST";
    path: "/v1/releases/{number}/refuse";
    parameters: { number: number };
    body: {
      /** Kept in the register. At most 1000 bytes. */
      reason: string;
    };
    answer: {
      number: number;
    };
  };
  /** Take back what you submitted and nobody released; its content is erased. */
  release_withdraw: {
    method: "POST";
    path: "/v1/releases/{number}/withdraw";
    parameters: { number: number };
    body: {
      /** Kept in the register. At most 1000 bytes. */
      reason?: string;
    };
    answer: {
      number: number;
    };
  };
  /** Upload a file that a message will name. */
  part_upload: {
    method: "POST";
    path: "/v1/parts";
    query: { name?: string; type?: string; as_is?: boolean };
    body: Blob;
    answer: Uploaded;
  };
  /** A part's octets. */
  part_get: {
    method: "GET";
    path: "/v1/parts/{sha256}";
    parameters: { sha256: Sha256 };
    query: { message?: IdBeginning; export?: boolean; reason?: string };
    answer: Blob;
  };
  /** What is in a STIX part. */
  part_stix: {
    method: "GET";
    path: "/v1/parts/{sha256}/stix";
    parameters: { sha256: Sha256 };
    query: { message?: IdBeginning; reason?: string };
    answer: StixReport;
  };
  /** What was sent, the newest first. */
  outbox_list: {
    method: "GET";
    path: "/v1/outbox";
    query: { limit?: number; open?: boolean };
    answer: OutboxRow[];
  };
  /** The outbox in numbers. */
  outbox_summary: {
    method: "GET";
    path: "/v1/outbox/summary";
    answer: OutboxSummary;
  };
  /** Give up sending a message. */
  outbox_end: {
    method: "POST";
    path: "/v1/outbox/{id}/end";
    parameters: { id: IdBeginning };
    body: {
      /** Why; kept in the register with the name; the partner may read it. At most 1000 bytes. */
      reason: string;
      /** Only to this partner. */
      to?: string;
    };
    answer: {
      /** To so many partners. */
      ended: number;
    };
  };
  /** Begin a file of consignments to be carried to a partner. */
  carry_begin: {
    method: "POST";
    path: "/v1/consignments";
    body: {
      /** The partner's name. */
      to: string;
      /** Kept in the register. */
      reason?: string;
    };
    answer: {
      file: number;
      to: Name;
      origin: string;
      messages: number;
      state_only: boolean;
    };
  };
  /** Its next consignment; no octets at its end. */
  carry_next: {
    method: "POST";
    path: "/v1/consignments/{file}/next";
    parameters: { file: number };
    answer: Blob;
  };
  /** Take in one consignment of a partner's file. */
  carry_take: {
    method: "POST";
    path: "/v1/consignments/import";
    body: Blob;
    answer: {
      from: Name;
      older: boolean;
      proved: boolean;
      known: number;
      messages: number;
      taken: number;
      receipts: number;
      records: number;
    };
  };
  /** Begin a backup. */
  backup_begin: {
    method: "POST";
    path: "/v1/backups";
    body?: {
      /** Kept in the register. */
      reason?: string;
      /** The key that it is sealed to; else that of wasl.conf. */
      to?: string;
    };
    answer: {
      backup: number;
      key: string;
      origin: string;
      store: string;
    };
  };
  /** Its next record; no octets at its end. */
  backup_next: {
    method: "POST";
    path: "/v1/backups/{backup}/next";
    parameters: { backup: number };
    query: { stop?: boolean };
    answer: Blob;
  };
  /** The signed head of the register. */
  register_head: {
    method: "GET";
    path: "/v1/register/head";
    answer: Head;
  };
  /** A leaf and its opening. */
  register_show: {
    method: "GET";
    path: "/v1/register/leaves/{n}";
    parameters: { n: number };
    answer: Leaf;
  };
  /** Compare everything that is stored, some rows per call; one check at a time (503 says whose). */
  register_check: {
    method: "GET";
    path: "/v1/register/check";
    query: { from?: number };
    answer: Check;
  };
  /** How many cases were opened, by field, region, week or partner, and which series left their range. */
  picture_show: {
    method: "GET";
    path: "/v1/picture";
    query: { by?: string; from?: string; to?: string; kind?: string };
    answer: Picture;
  };
  /** STIX objects in parts of messages, the newest message first; of one id its newest version first. */
  stix_list: {
    method: "GET";
    path: "/v1/stix";
    query: { type?: string; id?: string; case?: IdBeginning; message?: IdBeginning; limit?: number; after?: string; lane?: string; reason?: string };
    answer: StixObjects;
  };
  /** How many STIX objects of which type are here. */
  stix_count: {
    method: "GET";
    path: "/v1/stix/counts";
    query: { type?: string; lane?: string };
    answer: StixCounts;
  };
  /** Make the index of STIX objects anew from the parts that are held, some messages per call. */
  stix_again: {
    method: "POST";
    path: "/v1/stix/again";
    body: {
      /** 0 or none begins; next of the last answer goes on. */
      from?: number;
    };
    answer: StixAgain;
  };
  /** Numbers of requests, messages and acts, from the leaves of a period, some leaves per call. */
  statistics_make: {
    method: "GET";
    path: "/v1/statistics";
    query: { from?: string; to?: string; partner?: string; kind?: string; publish?: number; next?: number; lane?: string };
    answer: Statistics;
  };
  /** A tile (C2SP tlog-tiles). */
  register_tile: {
    method: "GET";
    path: "/v1/register/tile/{l}/{n}";
    parameters: { l: number; n: number };
    answer: Blob;
  };
  /** What changes, as server-sent events, for as long as somebody listens. */
  events_take: {
    method: "GET";
    path: "/v1/events";
    query: { after?: string; lane?: string };
    header: { "Last-Event-ID"?: string };
    answer: Event;
  };
  /** Come in by a password; what is answered is a token with a short end. */
  login_finish: {
    method: "POST";
    path: "/v1/login";
    body: {
      person: string;
      password: string;
      /** Of the second factor; left out or empty without one. */
      code?: string;
    };
    answer: Session;
  };
  /** End the session that asks. */
  login_end: {
    method: "POST";
    path: "/v1/logout";
    body: Record<string, never>;
    answer: LoggedOut;
  };
  /** Set a password: one's own, or a first one for somebody else. */
  password_set: {
    method: "POST";
    path: "/v1/password";
    body: {
      person: string;
      /** At least 12 characters. */
      password: string;
      /** The one that is replaced: a session must say it. */
      current?: string;
    };
    answer: PasswordSet;
  };
  /** The second factor: make a secret, confirm it by its first code, or reset that of a person. */
  factor_change: {
    method: "POST";
    path: "/v1/factor";
    body: {
      do: "begin" | "confirm" | "reset";
      /** reset: whose. */
      person?: string;
      /** confirm: what the authenticator shows. */
      code?: string;
    };
    answer: Factor;
  };
  /** Evidence of a message, for anybody. */
  proof_get: {
    method: "GET";
    path: "/v1/proofs/{id}";
    parameters: { id: IdBeginning };
    query: { reason?: string };
    answer: Evidence;
  };
  /** What an agreement's rows were used for, and what was refused for want of one. */
  agreement_review: {
    method: "GET";
    path: "/v1/agreements/{id}/review";
    parameters: { id: IdBeginning };
    query: { from?: number };
    answer: Review;
  };
  /** Which row covers a planned send, or what is missing. Nothing is sent. */
  law_explain: {
    method: "GET";
    path: "/v1/law";
    query: { to: string; kind: string; type: string; purpose?: string; personal?: string; handling?: string; case?: string };
    answer: Explained;
  };
  /** The persons, those who left included. */
  person_list: {
    method: "GET";
    path: "/v1/persons";
    answer: Persons;
  };
  /** Add, change or close a person. */
  person_change: {
    method: "POST";
    path: "/v1/persons";
    body: {
      do: "add" | "roles" | "lanes" | "unit" | "owner" | "confirm" | "close";
      person?: string;
      /** add: in full. */
      name?: string;
      /** add, unit. */
      unit?: string;
      roles?: Role[];
      lanes?: Lane[];
      /** close: kept in the register. */
      reason?: string;
    };
    answer: Person;
  };
  /** One person. */
  person_show: {
    method: "GET";
    path: "/v1/persons/{person}";
    parameters: { person: Name };
    answer: Persons;
  };
  /** One's own tokens; those of all for administrators and auditors. */
  token_list: {
    method: "GET";
    path: "/v1/tokens";
    answer: Tokens;
  };
  /** Make a token, or end one. */
  token_change: {
    method: "POST";
    path: "/v1/tokens";
    body: {
      do: "make" | "end";
      /** make: whose; who asks when left out. */
      person?: string;
      /** make: what it is for. */
      label?: string;
      /** make: within the next 366 days. */
      until?: string;
      roles?: Role[];
      requests?: string[];
      /** end: which. */
      number?: number;
    };
    answer: TokenChanged;
  };
  /** The consents to passing on that were asked for and given. */
  consent_list: {
    method: "GET";
    path: "/v1/consents";
    answer: Consent[];
  };
}
