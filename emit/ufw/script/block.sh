# shellcheck shell=bash disable=SC2034,SC2154

# merge FAMILY prints the host's after.rules with this stack's part in the managed block, or without it for
# --remove. Text outside the block and the parts of other stacks stay byte for byte. It fails when the
# BEGIN and END lines do not pair.
merge() {
    awk -v stack="$STACK" -v removing="$REMOVING" '
        function bad() { broken = 1; exit 3 }
        function compose(   block) {
            if (!placed && !removing) stacks = stacks mine
            if (stacks != "") printf "%s%s%s", head, stacks, tail
            placed = 1
        }
        # first file: the block as this stack has it when it is alone
        FNR == NR {
            if (/^# BEGIN NSELF [0-9]/) ours = $4
            if (/^# BEGIN NSELF STACK /) inside = 1
            if (inside) mine = mine $0 "\n"
            else if (mine == "") head = head $0 "\n"
            else tail = tail $0 "\n"
            if (/^# END NSELF STACK /) inside = 0
            next
        }
        # second file: the host
        /^# BEGIN NSELF [0-9]/ {
            if (state != "" || blocks++) bad()
            state = "block"; theirs = $4; their_head = $0 "\n"; next
        }
        /^# BEGIN NSELF STACK / {
            if (state != "block") bad()
            state = "stack"; name = $5; text = $0 "\n"; next
        }
        /^# END NSELF STACK / {
            if (state != "stack" || $5 != name) bad()
            state = "block"; parts = 1
            if (name != stack) stacks = stacks text $0 "\n"
            else if (!removing && !placed) { stacks = stacks mine; placed = 1 }
            next
        }
        /^# END NSELF$/ {
            if (state != "block") bad()
            state = ""; their_tail = their_tail $0 "\n"
            # a newer layout of the shared part stays
            if (theirs + 0 > ours + 0) { head = their_head; tail = their_tail }
            compose(); next
        }
        state == "stack" { text = text $0 "\n"; next }
        state == "block" { if (parts) their_tail = their_tail $0 "\n"; else their_head = their_head $0 "\n"; next }
        { print }
        END {
            if (broken || state != "") exit 3
            if (!blocks && !removing) compose()
        }' "$HERE/after$1.rules" "$ETC/after$1.rules"
}

# block FILE prints the managed block, markers included.
block() { awk '/^# BEGIN NSELF [0-9]/ { on = 1 } on { print } /^# END NSELF$/ { on = 0 }' "$1"; }

# test_rules FAMILY FILE loads a file without effect. A chain that a file only refers to is declared for the
# test, as ufw will have made it by the time that it loads the file.
test_rules() {
    awk '
        FNR == NR {
            if (/^:/) declared[substr($1, 2)] = 1
            for (i = 1; i < NF; i++) if (($i == "-j" || $i == "-g") && $(i + 1) ~ /^ufw6?-/) wanted[$(i + 1)] = 1
            if (/^-[AI] ufw6?-/) wanted[$2] = 1
            next
        }
        { print }
        /^\*filter/ { for (c in wanted) if (!(c in declared)) print ":" c " - [0:0]" }
    ' "$2" "$2" | timeout 30 "ip$1tables-restore" -w 10 -n --test
}

# prepare_files merges and tests, in the work folder, every file that ufw will load. A file that ufw cannot
# load would make the next reload fail and, worse, switch the firewall off for the next boot.
prepare_files() {
    local f file said
    for f in '' 6; do
        if ! merge "$f" >"$WORK/after$f.rules"; then
            problem "the lines BEGIN NSELF and END NSELF in $ETC/after$f.rules do not pair: remove what is left of the block"
            continue
        fi
        # without a block there is nothing to take out, not even a missing newline at the end
        if ((REMOVING)) && ! grep -q '^# BEGIN NSELF [0-9]' "$ETC/after$f.rules"; then
            cat "$ETC/after$f.rules" >"$WORK/after$f.rules"
        fi
    done
    refuse_on_problems
    for f in "${FAMILIES[@]}"; do
        for file in "$ETC/before$f.rules" "$WORK/after$f.rules" "$ETC/user$f.rules"; do
            said=$(test_rules "$f" "$file" 2>&1) ||
                problem "ip${f}tables-restore refuses ${file/#$WORK/$ETC}, and ufw would fail to start with it: $(tail -n 3 <<<"$said" | paste -sd' ' -)"
        done
    done
}
