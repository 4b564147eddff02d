package cognitotest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// usernames returns the users in a response.
func (r reply) usernames() []string {
	var names []string
	for _, user := range r.body["Users"].([]any) {
		names = append(names, user.(kv)["Username"].(string))
	}
	return names
}

// The SDK's own paginator returns all users once, in the order in which they were added.
func TestListUsersInPages(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	var want []string
	for i := range 150 {
		name := fmt.Sprintf("user%03d", 999-i)
		srv.AddUser(cognitotest.User{Username: name, Password: password})
		want = append(want, name)
	}
	for _, limit := range []*int32{nil, aws.Int32(7), aws.Int32(50)} {
		var got []string
		pages := cognitoidentityprovider.NewListUsersPaginator(
			srv.Client(),
			&cognitoidentityprovider.ListUsersInput{UserPoolId: &srv.UserPoolID, Limit: limit},
		)
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			require.NoError(t, err)
			require.NotEmpty(t, page.Users, "no page is empty")
			for _, user := range page.Users {
				got = append(got, *user.Username)
			}
		}
		assert.Equal(t, want, got)
	}
}

// Users who are added or deleted between two pages do not shift the others.
func TestListUsersDuringChanges(t *testing.T) {
	t.Parallel()
	srv := listen(t)
	add := func(name string) { srv.AddUser(cognitotest.User{Username: name, Password: password}) }
	drop := func(name string) {
		srv.must("AdminDeleteUser",
			kv{"UserPoolId": srv.UserPoolID, "Username": name})
	}
	for _, name := range strings.Split("abcdefgh", "") {
		add(name)
	}
	list := func(token string) reply {
		body := kv{"UserPoolId": srv.UserPoolID, "Limit": 3}
		if token != "" {
			body["PaginationToken"] = token
		}
		return srv.must("ListUsers", body)
	}
	first := list("")
	assert.Equal(t, []string{"a", "b", "c"}, first.usernames())
	// Including the last one of the page, and more than half of all.
	for _, name := range []string{"a", "b", "c", "d", "g"} {
		drop(name)
	}
	add("i")
	add("a")
	second := list(first.text("PaginationToken"))
	assert.Equal(t, []string{"e", "f", "h"}, second.usernames())
	last := list(second.text("PaginationToken"))
	assert.Equal(t, []string{"i", "a"}, last.usernames())
	assert.NotContains(t, last.body, "PaginationToken")
	drop("i")
	drop("a")
	gone := list(second.text("PaginationToken"))
	assert.Equal(t, []any{}, gone.body["Users"])
	assert.NotContains(t, gone.body, "PaginationToken")
}

func TestListUsersFilter(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.AddUser(cognitotest.User{
		Username: "bob", Password: password, Email: "bob@example.com", Disabled: true,
		Attributes: map[string]string{"name": `Bob "the = ^" \ Builder`},
	})
	srv.AddUser(cognitotest.User{
		Username: "carol", Password: password, Email: "carol@example.com", Phone: "+15550001234",
		Status: types.UserStatusTypeForceChangePassword,
		Attributes: map[string]string{
			"given_name": "Carol", "family_name": "Müller", "preferred_username": "cm",
			"custom:tenant": "7",
		},
	})
	for filter, want := range map[string][]string{
		"":                                      {"alice", "bob", "carol"},
		" ":                                     {"alice", "bob", "carol"},
		`username = "bob"`:                      {"bob"},
		`username="Bob"`:                        nil,
		`username ^= "a"`:                       {"alice"},
		`username ^= ""`:                        {"alice", "bob", "carol"},
		`sub = "` + srv.User("carol").Sub + `"`: {"carol"},
		`email ^= "bob@"`:                       {"bob"},
		`email ^= ""`:                           {"bob", "carol"},
		`email = "carol@example.com"`:           {"carol"},
		`phone_number="+15550001234"`:           {"carol"},
		"  family_name\t^=\t\"Mü\"  ":           {"carol"},
		`given_name = "Carol"`:                  {"carol"},
		`preferred_username = "cm"`:             {"carol"},
		`name = "Bob \"the = ^\" \\ Builder"`:   {"bob"},
		`status = "Disabled"`:                   {"bob"},
		`status ^= "Enab"`:                      {"alice", "carol"},
		`status = "disabled"`:                   nil,
		`cognito:user_status = "Confirmed"`:     {"alice", "bob"},
		`cognito:user_status ^= "force"`:        {"carol"},
	} {
		r := srv.must("ListUsers", kv{"UserPoolId": srv.UserPoolID, "Filter": filter})
		assert.Equal(t, want, r.usernames(), filter)
		assert.NotNil(t, r.body["Users"], filter)
	}
	for _, filter := range []string{
		`username`, `username "bob"`, `username = bob`, `username = "bob`, `username = "bob\"`,
		`username = "bob\`, `username = "bob" "`, `=`, `email = = "x"`, `username = ""x`,
	} {
		assert.Equal(
			t, "InvalidParameter: Error while parsing filter.",
			srv.call("ListUsers", kv{"UserPoolId": srv.UserPoolID, "Filter": filter}).failure(),
			filter,
		)
	}
	for _, attribute := range []string{"custom:tenant", "Username", "", "locale", "email^"} {
		assert.Equal(
			t, "InvalidParameter: Invalid search attribute: "+attribute,
			srv.call("ListUsers",
				kv{"UserPoolId": srv.UserPoolID, "Filter": attribute + ` ^= "x"`}).failure(),
		)
	}

	page := srv.must("ListUsers",
		kv{"UserPoolId": srv.UserPoolID, "Filter": `email ^= ""`, "Limit": 1})
	assert.Equal(t, []string{"bob"}, page.usernames())
	page = srv.must("ListUsers", kv{
		"UserPoolId": srv.UserPoolID, "Filter": `email ^= ""`, "Limit": 1,
		"PaginationToken": page.text("PaginationToken"),
	})
	assert.Equal(t, []string{"carol"}, page.usernames())
	assert.NotContains(t, page.body, "PaginationToken")
}

func TestListUsersAttributesToGet(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.bob()
	list := func(filter string, names ...string) reply {
		return srv.call("ListUsers",
			kv{"UserPoolId": srv.UserPoolID, "Filter": filter, "AttributesToGet": names})
	}
	attributes := func(r reply) any { return r.body["Users"].([]any)[0].(kv)["Attributes"] }
	assert.Equal(
		t, []any{kv{"Name": "email", "Value": "bob@example.com"}},
		attributes(list(`username = "bob"`, "email")),
	)
	assert.Equal(t, []any{kv{"Name": "sub", "Value": srv.User("alice").Sub}},
		attributes(list("", "sub")))
	assert.Equal(
		t, "InvalidParameter: Input fails to satisfy the constraints.", list("", "email").failure(),
		"alice has none",
	)
	assert.Equal(
		t,
		"InvalidParameter: 1 validation error detected: Value '[email, ]' at 'attributesToGet' failed "+
			"to satisfy constraint: Member must satisfy constraint: "+
			"[Member must have length less than or equal to 32, Member must have length greater than or "+
			"equal to 1, Member must satisfy regular expression pattern: "+
			`[\p{L}\p{M}\p{S}\p{N}\p{P}\t\n\r ]+]`, list("", "email", "").failure(),
	)
}

// A pagination token is valid only for its own list, and unchanged.
func TestPaginationTokens(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.bob()
	srv.must("CreateGroup", kv{"UserPoolId": srv.UserPoolID, "GroupName": "a"})
	srv.must("CreateGroup", kv{"UserPoolId": srv.UserPoolID, "GroupName": "b"})
	srv.must("CreateUserPoolClient", kv{"UserPoolId": srv.UserPoolID, "ClientName": "second"})
	other := srv.must("CreateUserPool", kv{"PoolName": "other"}).text("UserPool", "Id")
	srv.must("AdminAddUserToGroup",
		kv{"UserPoolId": srv.UserPoolID, "GroupName": "a", "Username": "bob"})
	srv.must("AdminAddUserToGroup",
		kv{"UserPoolId": srv.UserPoolID, "GroupName": "a", "Username": "alice"})
	srv.must("AdminAddUserToGroup",
		kv{"UserPoolId": srv.UserPoolID, "GroupName": "b", "Username": "alice"})

	lists := map[string]struct {
		token, limit string
		body         kv
	}{
		"ListUsers": {
			token: "PaginationToken", limit: "Limit", body: kv{"UserPoolId": srv.UserPoolID},
		},
		"ListUsersInGroup": {
			token: "NextToken", limit: "Limit",
			body: kv{"UserPoolId": srv.UserPoolID, "GroupName": "a"},
		},
		"ListGroups": {
			token: "NextToken", limit: "Limit", body: kv{"UserPoolId": srv.UserPoolID},
		},
		"AdminListGroupsForUser": {
			token: "NextToken", limit: "Limit",
			body: kv{"UserPoolId": srv.UserPoolID, "Username": "alice"},
		},
		"ListUserPools": {token: "NextToken", limit: "MaxResults", body: kv{}},
		"ListUserPoolClients": {
			token: "NextToken", limit: "MaxResults", body: kv{"UserPoolId": srv.UserPoolID},
		},
	}
	tokens := map[string]string{}
	for operation, list := range lists {
		list.body[list.limit] = 1
		first := srv.must(operation, list.body)
		tokens[operation] = first.text(list.token)
		require.NotEmpty(t, tokens[operation], operation)
		list.body[list.token] = tokens[operation]
		second := srv.must(operation, list.body)
		assert.NotContains(t, second.body, list.token, operation)
		assert.NotEqual(t, first.raw, second.raw, operation)
	}
	invalid := func(operation, token string, more kv) {
		list := lists[operation]
		body := kv{list.limit: 1, list.token: token}
		for _, members := range []kv{list.body, more} {
			for name, value := range members {
				if name != list.token {
					body[name] = value
				}
			}
		}
		assert.Equal(
			t, "InvalidParameter: Invalid pagination token.", srv.call(operation, body).failure(),
			"%s %s", operation, token,
		)
	}
	for operation := range lists {
		genuine := tokens[operation]
		for _, token := range []string{
			"x", "0", "MTA=", genuine + "A", genuine[:len(genuine)-4], strings.ToUpper(genuine),
			strings.Repeat("A", 100_000), "né", "../../etc/passwd",
		} {
			invalid(operation, token, nil)
		}
		for another, token := range tokens {
			if another != operation {
				invalid(operation, token, nil)
			}
		}
	}
	invalid("ListUsers", tokens["ListUsers"], kv{"UserPoolId": other})
	invalid("ListUsers", tokens["ListUsers"], kv{"Filter": `username = "x"`})
	invalid("ListUsersInGroup", tokens["ListUsersInGroup"], kv{"GroupName": "b"})
	invalid("AdminListGroupsForUser", tokens["AdminListGroupsForUser"], kv{"Username": "bob"})

	const failed = "InvalidParameter: 1 validation error detected: Value '%s' at '%s' failed to satisfy " +
		"constraint: Member must have value %s than or equal to %d"
	for operation, list := range lists {
		least := map[string]int{"Limit": 0, "MaxResults": 1}[list.limit]
		name := strings.ToLower(list.limit[:1]) + list.limit[1:]
		delete(list.body, list.token)
		list.body[list.limit] = least - 1
		assert.Equal(
			t, fmt.Sprintf(failed, fmt.Sprint(least-1), name, "greater", least),
			srv.call(operation, list.body).failure(),
		)
		list.body[list.limit] = 61
		assert.Equal(t, fmt.Sprintf(failed, "61", name, "less", 60),
			srv.call(operation, list.body).failure())
		list.body[list.token] = ""
		list.body[list.limit] = 60
		assert.Contains(
			t, srv.call(operation, list.body).failure(),
			"2 validation errors detected: Value '' at '"+strings.ToLower(list.token[:1])+
				list.token[1:]+"'",
		)
	}
}

func TestListUserPoolsAndClients(t *testing.T) {
	t.Parallel()
	srv := start(t)
	client := srv.Client()
	want := []string{srv.UserPoolID}
	for i := range 4 {
		want = append(want,
			srv.must("CreateUserPool", kv{"PoolName": fmt.Sprint("pool ", i)}).text("UserPool",
				"Id"))
	}
	var got []string
	pools := cognitoidentityprovider.NewListUserPoolsPaginator(
		client, &cognitoidentityprovider.ListUserPoolsInput{MaxResults: aws.Int32(2)},
	)
	for pools.HasMorePages() {
		page, err := pools.NextPage(t.Context())
		require.NoError(t, err)
		for _, pool := range page.UserPools {
			got = append(got, *pool.Id)
			assert.NotZero(t, *pool.CreationDate)
		}
	}
	assert.ElementsMatch(t, want, got)
	assert.Len(t, slices.Compact(got), 5)

	clients, err := client.ListUserPoolClients(
		t.Context(), &cognitoidentityprovider.ListUserPoolClientsInput{UserPoolId: &srv.UserPoolID},
	)
	require.NoError(t, err)
	require.Len(t, clients.UserPoolClients, 1)
	assert.Equal(
		t,
		types.UserPoolClientDescription{
			ClientId: &srv.ClientID, UserPoolId: &srv.UserPoolID,
			ClientName: aws.String("cognitotest"),
		},
		clients.UserPoolClients[0],
	)
}

// Listing all users takes a time that is linear in their number: the cost of a page does not depend
// on its position.
func BenchmarkListUsers(b *testing.B) {
	for _, users := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			srv := fake{cognitotest.NewServer(), b}
			defer srv.Close()
			addUsers(srv.Server, users)
			body := kv{"UserPoolId": srv.UserPoolID, "Limit": 60}
			for b.Loop() {
				r := srv.must("ListUsers", body)
				body["PaginationToken"] = r.body["PaginationToken"]
			}
		})
	}
}
