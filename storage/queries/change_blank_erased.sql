-- Change: Blanks what may speak of a person in the remembered rows of an erasure. The record's place, its time, status, code, vendor,
-- service and category stay, and so do the checksum, which verify needs, and the reason of a dead letter.
-- Inputs: ERASURE, put in place of the comment: a mutation is stored as text and run later.
ALTER TABLE responses
UPDATE
    message = '',
    path_ids = '',
    whole_path = '',
    route = '',
    credential = '',
    operation = 0,
    operation_key = 'none',
    trace = toFixedString('', 16),
    common_facts = '',
    ids = '',
    facts = if(kind = 'dead_letter', concat('{"reason":', toJSONString(JSONExtractString(facts, 'reason')), '}'), '')
WHERE (replaceRegexpOne(source, '~[0-9]+$', ''), topic, partition, offset) IN
    (SELECT source, topic, partition, offset FROM erasures WHERE erasure = '/* erasure */')
