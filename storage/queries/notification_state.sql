-- Question: what was a target told last of an alert, and who is about to tell it of the given status?
-- Inputs: target, alert, status; since = start of the alert's present life: what was told before it was of another;
--   lease_s = how long a claim holds, in seconds.
-- Columns: sent (the status told last, '' = none yet), owner (of the oldest claim that holds, '' = nobody).
WITH told AS
(
    SELECT max(at) AS told_at, toString(argMax(status, at)) AS told_status, count() AS times
    FROM notifications
    WHERE target = {target:String} AND alert = {alert:String} AND step = 'sent' AND at >= {since:DateTime64(3, 'UTC')}
)
SELECT
    (SELECT if(times > 0, told_status, '') FROM told) AS sent,
    argMin(owner, (at, owner)) AS owner
FROM notifications
WHERE target = {target:String} AND alert = {alert:String} AND step = 'claim' AND toString(status) = {status:String}
    AND at > now64(6, 'UTC') - toIntervalSecond({lease_s:UInt32})
    AND at > (SELECT told_at FROM told) AND at >= {since:DateTime64(3, 'UTC')}
