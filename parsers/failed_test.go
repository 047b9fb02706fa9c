package parsers

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// kindOf parses a success with that body.
func kindOf(t *testing.T, r *Registry, body string) Kind {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	return parse(t, r, `{"time":1789732800,"status":200,"url":"https://api.example.com/x","response_body":`+string(text)+`}`).Kind
}

func TestErrorsInSuccesses(t *testing.T) {
	r := newRegistry(t)
	for _, body := range []string{
		`{"error":"Invalid API key"}`,
		`{"error":{"message":"Bad symbol"},"request_id":"1"}`,
		`{"ok":false,"error":"not_authed"}`,
		`{"ok":false,"description":"Bad Request: chat not found"}`,
		`{"success":"false","message":"No"}`,
		`{"success":false,"errors":["x is missing"],"data":null}`,
		`{"status":"ERROR","message":"No such user"}`,
		`{"status":"fail","data":{"title":"A title is required"}}`,
		`{"code":40001,"msg":"invalid sign"}`,
		`{"code":"40001","message":"invalid sign","data":{}}`,
		`{"errcode":40029,"errmsg":"invalid code"}`,
		`{"errors":[{"message":"x","path":["a"]}],"data":{"a":null,"b":1}}`,
		`{"jsonrpc":"2.0","id":3,"error":{"code":-32700,"message":"Parse error"}}`,
		`{"Response":{"Error":{"Code":"A.B","Message":"m"},"RequestId":"r"}}`,
		`{"statusCode":404,"message":"gone fishing"}`,
		`{"code":"remote_fault","message":"No","response":false}`,
		`{"success":"error","error":"no_such_domain","domain":"example.com"}`,
		`{"result":null,"error":{"code":"E1","message":"No"}}`,
		`{"message-count":"1","messages":[{"status":"4","error-text":"Bad Credentials"}]}`,
		`<Reply Status="ERROR"><Errors><Error Number="7">No</Error></Errors><Server>s</Server><Time>0</Time></Reply>`,
		`<Packet v="1"><system><status>error</status><errcode>7</errcode><errtext>No</errtext></system></Packet>`,
		`{"status":"0","info":"INVALID_USER_KEY","infocode":"10001"}`,
		`{"status":311,"message":"wrong key"}`,
		`{"message":"Declined","state":"Authorize","status":"Declined"}`,
		`{"status":"NOK","message":"No such user"}`,
		`<JetResponse><TransactionID>7605</TransactionID><ActionCode>005</ActionCode><ResponseText>DECLINED</ResponseText></JetResponse>`,
		`<r><receipt><ReceiptId>1</ReceiptId><ResponseCode>481</ResponseCode><ISO>01</ISO><AuthCode>1</AuthCode><TransTime>18:41:13</TransTime><Message>DECLINED * =</Message><TransAmount>1.00</TransAmount><TransID>9</TransID></receipt></r>`,
		`{"result":0,"error":"No such user"}`,
		`[{"Error":"8","Description":"Key daily limit exceeded","Cause":"c","Resolution":"r"}]`,
		`{"Response":{"Error":{"ErrorCode":2,"ErrorMessage":"Session has expired"},"TraceId":"b","ResponseStatus":2,"Response":null}}`,
		`call_1({"error":{"code":"005","description":"Bad"}});`,
		`<Response><Response><ExpressResponseCode>103</ExpressResponseCode><ExpressResponseMessage>No</ExpressResponseMessage></Response></Response>`,
		`<e:Envelope xmlns:e="u"><e:Header><a><b>1</b></a></e:Header><e:Body><addResponse><writeResponse><status isSuccess="false"><statusDetail type="ERROR"><code>BAD_REF</code><message>No</message></statusDetail></status></writeResponse></addResponse></e:Body></e:Envelope>`,
	} {
		require.Equal(t, KindError, kindOf(t, r, body), body)
	}
}

func TestSuccessesThatLookLikeErrors(t *testing.T) {
	r := newRegistry(t)
	for _, body := range []string{
		``, `{}`, `[]`, `"error"`, `error`, `false`, `12345678`, `{"error":null}`, `{"errors":{}}`, `{"error":"","data":1}`, `{"error":{},"ok":true}`,
		`{"success":true,"errors":[],"messages":[],"result":{"id":"1"}}`,
		`{"success":false}`,
		`{"code":0,"message":"success"}`, `{"code":"0000","msg":"ok"}`, `{"code":1,"message":"success","data":[]}`,
		`{"code":1,"msg":"操作成功"}`, `{"code":482913,"message":"Your verification code is 482913","expires_in":60}`,
		`{"sid":"SM1","status":"failed","error_code":30007,"error_message":"Carrier violation","to":"+1"}`,
		`{"valid":false,"message":"The address does not exist","code":12}`, `{"failed":1,"message":"1 message failed","succeeded":3}`,
		`{"code":"SUMMER","message":"Ten percent off"}`,
		`{"errors":[{"message":"disk full","at":"2021-01-01"}],"total":1,"page":1}`,
		`{"took":5,"errors":true,"items":[{"index":{"status":400,"error":{"type":"x"}}}]}`,
		`{"id":"job_1","status":"failed","error":{"code":"E1","message":"disk full"},"owner":"ops","attempts":3}`,
		`{"task_id":"t1","status":"login_error","error_message":"Username or password is incorrect"}`,
		`{"data":[{"error":"x","message":"y"}],"error":null}`,
		`{"id":"1","description":"error codes of all vendors","code":"E1"}`,
		`{"message":"The error was corrected"}`,
		`{"status":"error"}`, `{"status":"failed","id":"p_1","amount":5}`,
		`[{"error":"a"},{"error":"b"}]`,
		`{"jsonrpc":"2.0","id":3,"result":{"error":"none"}}`,
		`{"message-count":"1","messages":[{"status":"0","message-id":"1","error-text":""}]}`,
		`{"response":{"valid":false,"errors":0},"total":1}`,
		`<Packet v="1"><order><id>7</id><status>error</status><errcode>7</errcode><errtext>No</errtext></order></Packet>`,
		`<Reply Status="OK"><Errors/><Result><Error>0</Error><Value>7</Value></Result></Reply>`,
		`<feed><error>0</error><entry><title>fault</title></entry><entry/><entry/><a/><b/></feed>`,
		`<html><body>error</body></html>`, `code=0&message=error`,
		`{"status":"1","info":"OK","infocode":"10000","count":"1"}`, `{"status":"0","info":"OK"}`,
		`{"status":2,"message":"Processing"}`, `{"status":311,"message":"x","id":"7"}`, `{"status":206,"message":"wrong"}`,
		`{"result":0,"error":"none"}`, `{"result":0,"error":""}`, `{"result":0,"message":"failed before"}`,
		`[{"Error":"0","Description":"fine"}]`, `[{"Error":"8","Description":"a"},{"Error":"9","Description":"b"}]`,
		`{"Response":{"Error":{"code":0,"ErrorMessage":""},"TraceId":"b","ResponseStatus":1,"Results":[{"a":1}]}}`,
		`call_1({"id":1,"name":"error"});`,
		`{"uid":4,"indexUid":"m","status":"failed","type":"indexCreation","details":{"primaryKey":null},"error":{"message":"Index exists.","code":"index_already_exists","type":"invalid_request","link":"https://docs"},"duration":"PT0.1S","enqueuedAt":"2021-08-10T14:29:17Z"}`,
		`{"id":"pi_1","amount":100,"currency":"usd","status":"declined","message":"Declined"}`, `{"id":"t1","status":"declined","message":"Declined","created":1}`,
		`{"id":"pay_1","approved":false,"status":"Declined","response_code":"20005","response_summary":"Declined"}`,
		`{"id":"inv_1","status":"declined","email":"a@example.com"}`, `{"message":"He declined the invitation"}`,
		`<transaction><id>1</id><ResponseCode>2000</ResponseCode><status>declined</status><amount>1</amount><created-at>x</created-at><Message>Declined</Message></transaction>`,
		`<r><ActionCode>000</ActionCode><ResponseText>APPROVED</ResponseText></r>`,
		`{"taskUid":4,"status":"failed","error":{"message":"Index exists.","code":"index_already_exists"}}`,
		`<Response><Response><ExpressResponseCode>0</ExpressResponseCode><ExpressResponseMessage>Approved</ExpressResponseMessage></Response></Response>`,
		`<e:Envelope xmlns:e="u"><e:Body><addResponse><writeResponse><status isSuccess="true"/><ref id="7"/></writeResponse></addResponse></e:Body></e:Envelope>`,
		`{"code":1,"msg":"Get data success","data":[]}`, `{"code":1,"message":"Successfully deleted"}`,
	} {
		require.Equal(t, KindSuccess, kindOf(t, r, body), body)
	}
}
