package sentence

import "strings"

// inner are abbreviations that something must follow: no sentence ends with them. The list has them in small letters
// and without their last full stop.
var inner = set(`
dr drs mr mrs ms messrs prof st mt rev hon gen col maj capt lt cpl sgt cmdr sen rep gov pres supt insp fr sr sra srta br msgr esq
no nos nr vol vols fig figs tab eq eqs ch chap sec sect art para pp pg p ed eds trans ser ref refs app appx approx ca cca circa cf viz vs v
dept univ assn bros mfg aka resp incl excl max min avg temp spp sp subsp var
abb abs bd bsp bzgl bzw bspw ca dipl ebd einschl engl evtl ggf ggü hrsg inkl ing jg kap lat lt mind mio mrd mwst nr röm s sog st std str tel tsd u.a ugs univ urspr v vgl z zb zzgl zzt
mme mlle mm m env ex p.ex fig no réf éd av apr
sra srta dña ud uds vd vds pág págs núm  cap aprox art ej
sig sig.ra dott prof pag pagg cap ecc.to es sec
dhr mevr mw drs ir bijv blz nl o.a m.b.t i.v.m t.a.v
bl.a t.ex s.k kl ca nr
np tj tzn tzw ul al prof inż mgr lek hab zob por ok św wg m.in
např tzv tj mj ul čís obr str
см рис табл стр гл им ул пр д кв пл пер проф акад доц инж тыс млн млрд трлн руб коп ср напр св гр п пп ст изд ред т.е т.н т.к
див рис табл ст вул проф акад тис млн млрд напр
örn bkz prof doç yrd uzm av sn no nu cad sok mah çev haz yy s ss
π.χ κ κα κκ δρ αρ σελ βλ πρβλ καθ λεωφ εικ πιν τηλ
ibid op loc et
`)

// outer are abbreviations that a sentence may end with. It does if a capital letter follows.
var outer = set(`
etc al inc ltd co corp jr sr phd md bc ad am pm a.m p.m ph.d b.c a.d d.c
usw uvm usf u.s.w u.v.m u.a.m d.j d.m v.chr n.chr gmbh
ecc enz ovn osv mm m.m itd itp atd apod tzv
т.д т.п др гг вв н.э
vb vd vs
κ.λπ κλπ κ.ά μ.μ π.μ μ.χ
`)

// months and the like follow the number of a day or century, which many languages write with a full stop.
var months = set(`
januar jänner februar märz april mai juni juli august september oktober november dezember jahrhundert jahrhunderts klasse
ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık yüzyıl
`)

// lettered are words before a capital letter that is not an initial, as in vitamin C.
var lettered = set(
	"vitamin vitamins vitamine hepatitis type types group class grade figure table appendix section part plan factor " +
		"protein than i and or und oder")

// starters are words that begin sentences but not names.
var starters = set(`
the this that these those it its in on at a an we he she they you there here if when while although because however but and for as to from with after before
der die das ein eine es sie er wir ich in im bei nach wenn aber und
le la les il elle ils nous el los las en un una
`)

func set(words string) map[string]bool {
	out := make(map[string]bool)
	for _, word := range strings.Fields(words) {
		out[word] = true
	}
	return out
}
