// SPDX-License-Identifier: Apache-2.0
#include "steps/profile-fetch/tally.h"

#include <stdlib.h>
#include <string.h>

// The call graph over nodes, with the arcs out of a node next to each other.
struct graph {
    const struct tally *tally;
    size_t count;    // nodes
    size_t *first;   // arcs of node i: first[i] .. first[i + 1] - 1, indices into `arcs`
    uint32_t *arcs;  // indices into tally->callers, by caller
    uint32_t *cycle; // strongly connected component of each node
    uint32_t cycles;
};

// Tarjan's search, without recursion.
struct search {
    struct graph *graph;
    uint32_t *order, *low; // order of the first visit, from 1; lowest one reachable
    size_t *next;          // next arc of each node
    uint32_t *path, *open; // nodes being visited; nodes without a component yet
    size_t path_len, open_len;
    bool *is_open;
    uint32_t visited;
};

static void
S_graph_init(struct graph *graph, struct arena *arena, const struct tally *tally)
{
    *graph = (struct graph){.tally = tally, .count = tally->nodes.count};
    graph->first = ARENA_ARRAY(arena, size_t, graph->count + 1);
    graph->arcs = ARENA_ARRAY(arena, uint32_t, tally->callers.count + 1);
    graph->cycle = ARENA_ARRAY(arena, uint32_t, graph->count + 1);
    for (size_t i = 0; i < tally->callers.count; i++)
        graph->first[tally->callers.items[i].caller + 1]++;
    for (size_t i = 0; i < graph->count; i++)
        graph->first[i + 1] += graph->first[i];
    size_t *fill = ARENA_ARRAY(arena, size_t, graph->count + 1);
    for (size_t i = 0; i < tally->callers.count; i++) {
        uint32_t caller = tally->callers.items[i].caller;
        graph->arcs[graph->first[caller] + fill[caller]++] = (uint32_t)i;
    }
}

static void
S_enter(struct search *search, uint32_t node)
{
    search->order[node] = search->low[node] = ++search->visited;
    search->next[node] = search->graph->first[node];
    search->path[search->path_len++] = node;
    search->open[search->open_len++] = node;
    search->is_open[node] = true;
}

static void
S_lower(uint32_t *low, uint32_t value)
{
    if (value < *low)
        *low = value;
}

static void
S_leave(struct search *search, uint32_t node)
{
    search->path_len--;
    if (search->path_len > 0)
        S_lower(&search->low[search->path[search->path_len - 1]], search->low[node]);
    if (search->low[node] != search->order[node])
        return;
    uint32_t member;
    do {
        member = search->open[--search->open_len];
        search->is_open[member] = false;
        search->graph->cycle[member] = search->graph->cycles;
    } while (member != node);
    search->graph->cycles++;
}

static void
S_visit(struct search *search, uint32_t start)
{
    struct graph *graph = search->graph;
    S_enter(search, start);
    while (search->path_len > 0) {
        uint32_t node = search->path[search->path_len - 1];
        if (search->next[node] == graph->first[node + 1]) {
            S_leave(search, node);
            continue;
        }
        uint32_t callee = graph->tally->callers.items[graph->arcs[search->next[node]++]].callee;
        if (search->order[callee] == 0)
            S_enter(search, callee);
        else if (search->is_open[callee])
            S_lower(&search->low[node], search->order[callee]);
    }
}

static void
S_find_cycles(struct graph *graph, struct arena *arena)
{
    size_t count = graph->count + 1;
    struct search search = {.graph = graph,
                            .order = ARENA_ARRAY(arena, uint32_t, count),
                            .low = ARENA_ARRAY(arena, uint32_t, count),
                            .next = ARENA_ARRAY(arena, size_t, count),
                            .path = ARENA_ARRAY(arena, uint32_t, count),
                            .open = ARENA_ARRAY(arena, uint32_t, count),
                            .is_open = ARENA_ARRAY(arena, bool, count)};
    for (size_t i = 0; i < graph->count; i++)
        if (search.order[i] == 0)
            S_visit(&search, (uint32_t)i);
}

// A cycle costs what its members cost and what they call outside of it.
static void
S_cumulate(struct tally *tally, const struct graph *graph, struct arena *arena)
{
    int64_t *cost = ARENA_ARRAY(arena, int64_t, graph->cycles + 1);
    for (size_t i = 0; i < tally->nodes.count; i++)
        cost[graph->cycle[i]] = tally_sum(cost[graph->cycle[i]], tally->nodes.items[i].flat);
    VEC_EACH (struct tally_caller, arc, &tally->callers)
        if (graph->cycle[arc->caller] != graph->cycle[arc->callee])
            cost[graph->cycle[arc->caller]] = tally_sum(cost[graph->cycle[arc->caller]], arc->value);
    for (size_t i = 0; i < tally->nodes.count; i++) {
        int64_t cumulative = cost[graph->cycle[i]];
        tally->nodes.items[i].cumulative = cumulative < tally->total ? cumulative : tally->total;
    }
}

// Components are numbered callees first, so one pass over the components decides who comes back.
static bool *
S_returning(const struct tally *tally, const struct graph *graph, struct arena *arena)
{
    bool *returns = ARENA_ARRAY(arena, bool, graph->cycles + 1);
    uint32_t *members = ARENA_ARRAY(arena, uint32_t, graph->count + 1);
    size_t *start = ARENA_ARRAY(arena, size_t, graph->cycles + 2);
    for (size_t i = 0; i < graph->count; i++)
        start[graph->cycle[i] + 1]++;
    for (size_t i = 0; i < graph->cycles; i++)
        start[i + 1] += start[i];
    size_t *fill = ARENA_ARRAY(arena, size_t, graph->cycles + 1);
    for (size_t i = 0; i < graph->count; i++)
        members[start[graph->cycle[i]] + fill[graph->cycle[i]]++] = (uint32_t)i;
    for (size_t at = 0; at < graph->count; at++) {
        uint32_t node = members[at], cycle = graph->cycle[node];
        if (tally->nodes.items[node].place->file != TREE_NONE)
            returns[cycle] = true;
        for (size_t k = graph->first[node]; k < graph->first[node + 1]; k++)
            if (returns[graph->cycle[tally->callers.items[graph->arcs[k]].callee]])
                returns[cycle] = true;
    }
    return returns;
}

// Library code and helpers count for their callers.
static void
S_hand_up(struct tally *tally, const struct graph *graph, const bool *returns)
{
    for (size_t i = 0; i < tally->callers.count; i++) {
        const struct tally_caller *arc = &tally->callers.items[i];
        struct tally_node *caller = &tally->nodes.items[arc->caller],
                          *callee = &tally->nodes.items[arc->callee];
        if (caller->place->file == TREE_NONE)
            continue;
        bool helper = callee->place->helper && callee->place->file == caller->place->file &&
                      graph->cycle[arc->caller] != graph->cycle[arc->callee];
        if (helper || !returns[graph->cycle[arc->callee]])
            caller->own = tally_sum(caller->own, arc->value);
        if (helper)
            callee->own = tally_sum(callee->own, -arc->value);
    }
    for (size_t i = 0; i < tally->nodes.count; i++)
        if (tally->nodes.items[i].own < 0)
            tally->nodes.items[i].own = 0;
}

void
tally_arcs(struct tally *tally, const struct profile *profile)
{
    AUTO_ARENA arena = {0};
    for (size_t i = 0; i < profile->arcs.count; i++) {
        const struct profile_arc *arc = &profile->arcs.items[i];
        uint32_t caller = tally->node_of[arc->caller], callee = tally->node_of[arc->callee];
        if (caller != callee)
            tally_add_caller(tally, caller, callee, arc->value);
    }
    struct graph graph;
    S_graph_init(&graph, &arena, tally);
    S_find_cycles(&graph, &arena);
    S_cumulate(tally, &graph, &arena);
    S_hand_up(tally, &graph, S_returning(tally, &graph, &arena));
}
