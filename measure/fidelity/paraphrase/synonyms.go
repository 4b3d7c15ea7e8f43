package paraphrase

import "strings"

// synonymGroups has one group of words of like meaning per line, in their base form; inflected forms are found by their
// ending.
const synonymGroups = `
return yield deliver
create make build construct
function routine procedure
value amount quantity
error fault mistake
use employ utilize
get obtain fetch
set assign establish
check verify inspect
begin start commence
end finish conclude
stop halt cease
delete remove erase
change alter modify
add append attach
find locate discover
show display present
send transmit dispatch
receive accept
read load scan
write record store
call invoke
run execute perform
wait pause await
open unlock
close shut
give provide supply
take grab capture
keep retain preserve
hold contain include
need require
want desire wish
allow permit enable
prevent avoid prohibit
forbid ban disallow
fail break
succeed pass
try attempt
help assist aid
request ask demand
answer reply response
question query inquiry
list sequence series
element item member
group set cluster
name label title
type kind sort
size extent magnitude
length span
number count figure
key identifier
file document
folder directory
path route
text string
word term
line row
column field
table grid
map mapping dictionary
tree hierarchy
node vertex
edge link connection
graph network
root base
leaf tip
parent ancestor
child descendant
owner holder
user client customer
server host machine
message note notification
event occurrence incident
signal indication
channel pipe conduit
buffer cache
memory storage
pointer reference
address location
position place spot
index offset
range interval
limit bound cap
maximum peak
minimum floor
default standard
option choice alternative
flag marker switch
mode state
status condition
result outcome consequence
output product
input argument
parameter setting
variable quantity
constant fixed
method technique approach
object entity thing
class category
interface contract
package module bundle
library collection
version release edition
update refresh renew
current present existing
previous former prior
next following subsequent
first initial
last final
new fresh recent
old ancient aged
same identical equal
different distinct separate
similar alike comparable
empty blank vacant
full complete whole
valid legitimate sound
invalid illegal bad
correct right proper
wrong incorrect false
true genuine real
simple easy plain
complex complicated intricate
large big huge
small little tiny
long lengthy extended
short brief
high tall elevated
low shallow
fast quick rapid
slow sluggish
good fine excellent
important significant crucial
necessary essential required
possible feasible
impossible infeasible
available accessible
common frequent usual
rare uncommon scarce
special particular specific
general universal
public open
private secret confidential
internal inner
external outer
local nearby
remote distant
global worldwide
single sole
multiple several numerous
many numerous
various diverse
entire whole
part portion piece
section segment division
block chunk
copy duplicate replica
original source
target destination goal
purpose aim intent
reason cause
effect impact
example instance illustration
case situation
problem issue trouble
solution remedy
way manner
rule principle law
order arrangement
process procedure operation
task job work
thread strand
lock latch
connection link
session meeting
packet parcel
protocol convention
security safety protection
permission authorization consent
access entry
password secret
certificate credential
signature mark
hash digest
encrypt encode scramble
decrypt decode
compress shrink reduce
expand enlarge grow
increase raise grow
decrease lower reduce
multiply amplify
divide split partition
combine merge join
compare contrast
match correspond fit
convert transform translate
parse analyze interpret
format layout arrangement
print output emit
describe explain depict
define specify determine
declare state announce
implement realize
support back sustain
handle manage treat
control govern regulate
ignore disregard skip
replace substitute exchange
insert inject embed
extract pull draw
select choose pick
filter screen sift
search seek look
compute calculate determine
measure gauge assess
estimate approximate guess
test trial examine
prove demonstrate show
ensure guarantee assure
indicate signify denote
represent stand denote
refer point relate
depend rely
cause trigger produce
happen occur
appear emerge surface
exist live
become turn
remain stay persist
move shift transfer
go travel proceed
come arrive
follow pursue obey
lead guide direct
apply use
bind tie fasten
release free discharge
allocate reserve assign
consume spend
generate produce
register enroll record
publish issue release
install deploy
configure adjust tune
initialize prepare
terminate end abort
cancel revoke abort
retry repeat
restore recover
save store
reset clear
sort arrange order
shuffle mix
reverse invert
rotate turn spin
round approximate
encode represent
wrap enclose envelop
report announce state
log record journal
trace track follow
debug troubleshoot
warn caution alert
expect anticipate await
assume suppose presume
know understand
think believe
see view observe
mean signify imply
contain comprise hold
consist comprise
separate split divide
assemble compose
network web
computer machine
program application
code source
compiler translator
language tongue
character letter symbol
sign symbol mark
digit numeral
decimal fractional
time moment
date day
period interval duration
year annum
speed pace rate
rate ratio proportion
cost price expense
money cash currency
account ledger
balance remainder
payment remittance
fee charge
share portion fraction
token coin
contributor donor
validator verifier
block slab
chain string
storage repository
database store
transaction deal
query request
schema layout
cluster group
container vessel
image picture
page sheet
button control
window pane
color hue tint
shape form figure
area region zone
border edge boundary
center middle core
top summit peak
bottom base foot
front face
side flank
left remaining
near close
far distant
above over
below beneath under
before previously
after afterwards
often frequently
always constantly
never ever
usually normally typically
sometimes occasionally
only merely solely
also additionally too
however nevertheless though
therefore thus hence
because since
although though
instead rather
otherwise else
already previously
immediately instantly directly
automatically unattended
explicitly expressly
implicitly tacitly
currently presently now
exactly precisely
approximately roughly about
completely fully entirely
probably likely perhaps
people persons folks
company firm business
country nation state
city town
government authority
school college
student pupil
teacher instructor
book volume
story tale
child kid
man gentleman
woman lady
house home dwelling
water liquid
food meal nourishment
light illumination
power energy strength
sound noise
road street way
car vehicle automobile
animal beast creature
land ground soil
sea ocean
war conflict battle
peace calm
friend companion ally
enemy foe opponent
`

// functionWords are swapped for each other in light paraphrases.
var functionWords = map[string][]string{
	"the": {"a", "this", "that"}, "a": {"the", "one", "some"}, "an": {"the", "one"}, "this": {"the", "that"},
	"that": {"which", "this"}, "which": {"that"},
	"of": {"from", "for"}, "in": {"within", "inside", "on"}, "on": {"upon", "in"}, "to": {"towards", "for"}, "for": {"to"},
	"with": {"using", "by"},
	"by":   {"through", "with"}, "is": {"was", "gets"}, "are": {"were"}, "was": {"is"}, "be": {"become"},
	"and": {"plus", "as"}, "or": {"nor"}, "if": {"when", "whenever"},
	"when": {"if", "once"}, "it": {"this", "that"}, "its": {"the", "their"}, "as": {"like"}, "from": {"of"}, "at": {"in"},
	"can": {"may", "could"}, "may": {"can", "might"},
	"must": {"should", "shall"}, "should": {"must", "ought"}, "will": {"would", "shall"}, "not": {"never"},
	"all": {"every"}, "each": {"every"}, "any": {"some"},
}

// synonyms lists, by base form, the other words of its groups.
var synonyms = func() map[string][]string {
	out := map[string][]string{}
	for line := range strings.Lines(synonymGroups) {
		words := strings.Fields(line)
		for i, w := range words {
			for j, other := range words {
				if i != j {
					out[w] = append(out[w], other)
				}
			}
		}
	}
	return out
}()
