package storage
import ("testing";"time";"context")
func TestTimeIt(t *testing.T){
 o,_:=ParseURL("clickhouse://default@127.0.0.1:19411/default")
 db,err:=Open(context.Background(),o); if err!=nil {t.Fatal(err)}
 if err:=db.Migrate(context.Background(),nil);err!=nil{t.Fatal(err)}
 // 2.64 h of this data = 3.3 M rows, a day of the goal
 for _, m := range []int{158, 1440} {
 f:=Filter{From: time.Unix(1795219200-int64(m)*60,0), To: time.Unix(1795219200,0)}
 for i:=0;i<3;i++{
 b:=time.Now(); a,err:=db.Top(context.Background(),f,TopOptions{}); t.Log(m,"top",time.Since(b),len(a.Rows),err,a.Notes); ex(t,a.Explain)
 b=time.Now(); s,err:=db.Storms(context.Background(),f,StormOptions{}); t.Log(m,"storms",time.Since(b),len(s.Rows),err,s.Notes); ex(t,s.Explain)
 b=time.Now(); l,err:=db.Limits(context.Background(),f,LimitOptions{}); t.Log(m,"limits",time.Since(b),len(l.Rows),err,len(l.Notes)); ex(t,l.Explain)
 b=time.Now(); e,err:=db.Errors(context.Background(),f,ErrorsOptions{}); t.Log(m,"errors",time.Since(b),len(e.Rows),err); ex(t,e.Explain)
 }}
}
func ex(t *testing.T, ss []Statement){ for _,s:=range ss { t.Log("      ",s.Name,s.Elapsed,s.Rows,s.Bytes>>20) } }
