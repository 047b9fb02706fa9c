package parsers

import "bytes"

// role says what a member of that name may hold, and how sure that is, out of 100.
type role struct {
	code, message, field int8
	box                  box
}

// box is the kind of a member that holds an error instead of being a part of one.
type box uint8

const (
	boxNone  box = iota
	boxError     // the error itself
	boxList      // several errors: what stands beside it speaks for all of them
	boxOuter     // anything that may stand around an error
	boxInner     // what led to the error
)

// The other members worth a look.
const (
	noteTrace = iota + 1
	noteRequest
	noteWaitSeconds
	noteWaitMillis
	noteStatus
	noteKind
)

// memberRoles are the names under which APIs keep the parts of an error, folded.
var memberRoles = map[string]role{
	"errorcode": {code: 100}, "errcode": {code: 100}, "oauthproblem": {code: 99}, "oauthproblemadvice": {message: 95}, "errorcd": {code: 98}, "failurecode": {code: 96}, "faultcode": {code: 94},
	"code": {code: 95}, "cod": {code: 80}, "ecode": {code: 92}, "exceptioncode": {code: 90}, "exceptiontext": {message: 90}, "errno": {code: 90}, "errornumber": {code: 90}, "errnum": {code: 90}, "num": {code: 40},
	"err": {code: 85, message: 80, box: boxError}, "error": {code: 86, message: 85, box: boxError},
	"type": {code: 70}, "errortype": {code: 80}, "errorname": {code: 80}, "errorkey": {code: 85}, "errortoken": {code: 84},
	"errorid": {code: 68}, "errorclass": {code: 45}, "errorcategory": {code: 42}, "scimtype": {code: 85}, "exceptiontype": {code: 50}, "exceptionname": {code: 40},
	"exception": {code: 35, message: 40, box: boxError}, "classname": {code: 38}, "class": {code: 20},
	"reason": {code: 72, message: 80, box: boxOuter}, "reasoncode": {code: 78}, "subcode": {code: 60}, "suberror": {code: 50}, "issue": {code: 66, message: 40, box: boxList},
	"messageid": {code: 82}, "messagecode": {code: 85}, "msgcode": {code: 85}, "messagekey": {code: 75}, "msgid": {code: 70},
	"retcode": {code: 88}, "returncode": {code: 88}, "resultcode": {code: 88}, "responsecode": {code: 84}, "respcode": {code: 88}, "statuscode": {code: 62}, "rc": {code: 60},
	"result": {code: 40, message: 20, box: boxOuter}, "status": {code: 58, message: 15, box: boxOuter}, "stat": {code: 30, box: boxOuter}, "state": {code: 30},
	"name": {code: 55, field: 40}, "id": {code: 44}, "key": {code: 48, field: 45}, "slug": {code: 70}, "identifier": {code: 40}, "tag": {code: 45}, "rule": {code: 45}, "keyword": {code: 50},
	"category": {code: 54}, "kind": {code: 20}, "sqlstate": {code: 60}, "symbol": {code: 30}, "validator": {code: 45},
	"errorcodes": {code: 92}, "codes": {code: 30}, "infocode": {code: 90}, "actioncode": {code: 76}, "declinecode": {code: 86}, "declinedcode": {code: 86}, "decision": {code: 30},

	"errormessage": {message: 100, box: boxList}, "errormsg": {message: 100}, "errmsg": {message: 100}, "errordescription": {message: 100}, "errordetail": {message: 98, box: boxList},
	"errorsummary": {message: 96}, "errortext": {message: 98}, "errtext": {message: 98}, "longtext": {message: 90}, "shorttext": {message: 70}, "string": {message: 75}, "primarycode": {code: 90}, "classification": {code: 56}, "errorstring": {message: 90}, "errorreason": {message: 88}, "errorinfo": {message: 80, box: boxError}, "faultstring": {message: 98},
	"message": {code: 10, message: 95, box: boxList}, "msg": {code: 10, message: 95, box: boxList}, "messages": {message: 85, box: boxList}, "errormessages": {message: 95, box: boxList},
	"detail": {message: 90, box: boxList}, "details": {message: 86, box: boxList}, "description": {message: 88, box: boxError}, "desc": {message: 80}, "diagnostics": {message: 88},
	"longmessage": {message: 92}, "shortmessage": {message: 70}, "submsg": {message: 99}, "retmsg": {message: 88}, "returnmsg": {message: 88}, "returnmessage": {message: 88}, "respmsg": {message: 88},
	"resultmessage": {message: 88}, "resultmsg": {message: 88}, "resultdesc": {message: 88}, "resultdescription": {message: 88}, "statusmessage": {message: 84}, "responsemessage": {message: 86},
	"responsetext": {message: 80}, "developermessage": {message: 86}, "usermessage": {message: 84}, "friendlymessage": {message: 80}, "internalmessage": {message: 76}, "displaymessage": {message: 72}, "localizedmessage": {message: 72},
	"debugmessage": {message: 50}, "exceptionmessage": {message: 82}, "defaultmessage": {message: 90}, "text": {message: 80, box: boxInner}, "info": {message: 78, box: boxInner}, "explanation": {message: 80}, "cause": {code: 50, message: 45, box: boxInner},
	"moreinformation": {message: 62}, "httpmessage": {message: 60}, "title": {message: 50}, "summary": {message: 60}, "statustext": {message: 40}, "statusdescription": {message: 50}, "hint": {message: 30}, "notice": {message: 50},
	"content": {message: 30, box: boxOuter}, "problem": {message: 60, box: boxError}, "value": {message: 30, box: boxOuter}, "failure": {message: 50, box: boxError}, "help": {message: 10}, "$text": {message: 82},

	"errors": {code: 20, message: 85, box: boxList}, "fault": {message: 80, box: boxError}, "errordetails": {message: 70, box: boxList}, "errorarray": {box: boxList}, "errorlist": {box: boxList}, "violations": {box: boxList}, "invalidparams": {box: boxList}, "invalidparameters": {box: boxList}, "issues": {box: boxList}, "failures": {box: boxList},
	"causes": {box: boxList}, "notifications": {box: boxList}, "rootcause": {box: boxInner}, "modelstate": {box: boxList}, "problems": {box: boxList}, "faults": {box: boxList}, "exceptions": {box: boxList},
	"additionaldetails": {box: boxList}, "invalidfields": {box: boxList}, "fields": {field: 30, box: boxList}, "reasons": {box: boxList}, "validation": {box: boxInner},
	"data": {box: boxOuter}, "response": {box: boxOuter}, "body": {box: boxOuter}, "meta": {box: boxOuter}, "header": {box: boxOuter}, "head": {box: boxOuter}, "output": {box: boxOuter}, "payload": {box: boxOuter},
	"embedded": {box: boxOuter}, "return": {box: boxOuter}, "reply": {box: boxOuter}, "ocs": {box: boxOuter}, "sys": {box: boxOuter}, "parameters": {box: boxInner}, "rsp": {box: boxOuter}, "extensions": {box: boxOuter}, "root": {box: boxOuter}, "envelope": {box: boxOuter},
	"innererror": {box: boxInner}, "inner": {box: boxInner}, "innerexception": {box: boxInner}, "causedby": {box: boxInner}, "nestederror": {box: boxInner}, "subcause": {box: boxInner}, "elements": {box: boxInner}, "context": {box: boxInner},

	"field": {field: 100}, "fieldname": {field: 100}, "param": {field: 96}, "parameter": {field: 96}, "parametername": {field: 96}, "propertypath": {field: 96}, "property": {field: 94}, "propertyname": {field: 94},
	"path": {field: 80}, "pointer": {field: 92}, "attribute": {field: 92}, "attr": {field: 92}, "target": {field: 60}, "location": {field: 50}, "loc": {field: 90}, "argument": {field: 80}, "source": {field: 85},
	"members": {field: 70}, "instancepath": {field: 90}, "datapath": {field: 90}, "membernames": {field: 70}, "invalidvalue": {}, "nonfielderrors": {}, "query": {field: 20}, "header_name": {field: 40}, "subject": {field: 50},
}

// memberEndings are names that only end like one: serviceException, l_longmessage0.
var memberEndings = [...]struct {
	end string
	is  role
}{
	{"errorcode", role{code: 92}},
	{"responsecode", role{code: 84}},
	{"errormessage", role{message: 92}},
	{"errordescription", role{message: 92}},
	{"longmessage", role{message: 92}},
	{"shortmessage", role{message: 70}},
	{"messages", role{message: 80, box: boxList}},
	{"message", role{message: 66}},
	{"errors", role{box: boxList}},
	{"violations", role{box: boxList}},
	{"extendedinfo", role{box: boxList}},
	{"causes", role{box: boxList}},
	{"error", role{message: 50, box: boxError}},
	{"fault", role{message: 50, box: boxError}},
	{"exception", role{box: boxError}},
	{"errordetails", role{box: boxList}},
	{"response", role{box: boxOuter}},
	{"result", role{box: boxOuter}},
	{"status", role{box: boxOuter}},
	{"header", role{box: boxOuter}},
}

// memberNotes are names of what accompanies an error.
var memberNotes = map[string]int{
	"type": noteKind, "traceid": noteTrace, "requestid": noteRequest, "correlationid": noteRequest, "debugid": noteRequest, "requestref": noteRequest,
	"retryafter": noteWaitSeconds, "retryafterseconds": noteWaitSeconds, "retryinseconds": noteWaitSeconds, "retrydelay": noteWaitSeconds,
	"retryafterms": noteWaitMillis, "waittime": noteWaitMillis, "retryaftermilliseconds": noteWaitMillis,
	"statuscode": noteStatus, "status": noteStatus, "httpstatus": noteStatus, "httpstatuscode": noteStatus, "httpcode": noteStatus, "code": noteStatus,
}

// longestName bounds the names of members that mean anything here.
const longestName = 40

// foldName writes a member's name without case, separators, prefix and trailing number: "o:errorCode",
// "error_code" and "ERRORCODE0" are one name. It returns nil for names too long to mean anything.
func foldName(dst *[longestName]byte, name []byte) []byte {
	name = name[bytes.LastIndexByte(name, ':')+1:]
	if len(name) > longestName {
		return nil
	}
	folded := dst[:0]
	for _, c := range name {
		if c = lowerByte(c); c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '$' {
			folded = append(folded, c)
		}
	}
	if trimmed := bytes.TrimRight(folded, "0123456789"); len(trimmed) > 0 {
		return trimmed
	}
	return folded
}

// roleOf returns what a member of that folded name may be.
func roleOf(name []byte) role {
	if r, ok := memberRoles[string(name)]; ok {
		return r
	}
	for i := range memberEndings {
		if e := &memberEndings[i]; len(name) > len(e.end) && string(name[len(name)-len(e.end):]) == e.end {
			return e.is
		}
	}
	return role{}
}
