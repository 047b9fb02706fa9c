-- Change: writes down that an instance claims to tell, or has told, a target of an alert's status.
-- Inputs: target, alert, status, step, owner.
INSERT INTO notifications (target, alert, status, step, owner)
SELECT {target:String}, {alert:String}, {status:String}, {step:String}, {owner:String}
