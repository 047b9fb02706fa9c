package storage
import ("testing";"time";"context")
func TestTimeIt(t *testing.T){
 o,_:=ParseURL("clickhouse://default@127.0.0.1:19411/default")
 db,err:=Open(context.Background(),o); if err!=nil {t.Fatal(err)}
 if err:=db.Migrate(context.Background(),nil);err!=nil{t.Fatal(err)}
 for _, h := range []int{1,6,24} {
 f:=Filter{From: time.Unix(1795219200-int64(h)*3600,0), To: time.Unix(1795219200,0)}
 for i:=0;i<2;i++{
 b:=time.Now(); a,err:=db.Top(context.Background(),f,TopOptions{}); t.Log(h,"top",time.Since(b),len(a.Rows),err,a.Notes); ex(t,a.Explain)
 b=time.Now(); s,err:=db.Storms(context.Background(),f,StormOptions{}); t.Log(h,"storms",time.Since(b),len(s.Rows),err,s.Notes); ex(t,s.Explain)
 b=time.Now(); l,err:=db.Limits(context.Background(),f,LimitOptions{}); t.Log(h,"limits",time.Since(b),len(l.Rows),err,len(l.Notes)); ex(t,l.Explain)
 b=time.Now(); e,err:=db.Errors(context.Background(),f,ErrorsOptions{}); t.Log(h,"errors",time.Since(b),len(e.Rows),err); ex(t,e.Explain)
 }}
}
func ex(t *testing.T, ss []Statement){ for _,s:=range ss { t.Log("      ",s.Name,s.Elapsed,s.Rows,s.Bytes>>20) } }
